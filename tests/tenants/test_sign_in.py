"""Later sign-ins (A5, A6): the groups decide, and every refusal says what is missing."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.microsoft import Microsoft, Organisation
from tests.tenants.conftest import Person, actions, administrators, fresh, text

from vedette.foundation import database
from vedette.tenants.models import Tenant
from vedette.tenants.views.sign_in import MAX_ATTEMPTS

Someone = Callable[[str], Person]
Connected = Callable[[], Tenant]


@pytest.mark.parametrize("kind", ["full", "restricted"])
def test_members_of_a_group_come_in(
    connected: Connected, organisation: Organisation, someone: Someone, kind: str
) -> None:
    row = connected()
    person = someone(organisation.people[kind])
    landed = person.sign_in(next_path="/policy/?sort=risk")
    assert landed["Location"] == "/policy/?sort=risk"
    assert text(person.get("/dashboard/")).startswith(f"{person.upn}|{kind}|Fabrikam")
    assert [found.access for found in administrators(row) if found.upn == person.upn] == [kind]
    assert actions(row.id)[-1] == "administrator.signed_in"


def test_full_access_wins_when_somebody_is_in_both_groups(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    upn = organisation.people["restricted"]
    add_member(organisation, "full", upn)
    person = someone(upn)
    person.sign_in()
    assert "|full|" in text(person.get("/dashboard/"))


def test_a_group_within_the_group_counts(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    inner = organisation.lab.post(
        f"/tenants/{organisation.id}/groups",
        {"display_name": "Inner circle", "members": [organisation.people["none"]]},
    )
    add_member(organisation, "restricted", inner["id"])
    person = someone(organisation.people["none"])
    person.sign_in()
    assert "|restricted|" in text(person.get("/dashboard/"))


def test_more_groups_than_a_token_can_hold_make_no_difference(
    connected: Connected, organisation: Organisation, microsoft: Microsoft, someone: Someone
) -> None:
    connected()
    microsoft.change_app(group_claims="All")
    microsoft.lab.post("/switches", {"group_limit": 0})
    try:
        assert someone(organisation.people["full"]).sign_in()["Location"] == "/dashboard/"
    finally:
        microsoft.lab.post("/switches", {"group_limit": 200})


def test_in_no_group_nobody_comes_in_and_the_page_names_everything(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    person = someone(organisation.people["none"])
    refused = person.sign_in()
    assert refused.status_code == 403
    page = text(refused)
    for words in (
        person.upn,
        str(row.entra_tenant_id),
        row.name,
        "Mobile Security Admins",
        "Mobile Security Support",
    ):
        assert words in page
    assert str(row.full_group_id) in page
    assert person.get("/dashboard/").status_code == 302
    assert actions(row.id)[-1] == "administrator.sign_in_refused"


def test_before_consent_every_sign_in_fails_with_the_way_on(
    account: Tenant, organisation: Organisation, someone: Someone
) -> None:
    for kind in ("full", "restricted", "global_administrator", "none"):
        refused = someone(organisation.people[kind]).sign_in()
        assert refused.status_code == 403
        assert "Consent is still missing" in text(refused)
        assert 'href="/les?action=consent"' in text(refused)
        assert account.primary_contact in text(refused)
    assert administrators(account) == []


def test_once_disconnected_nobody_comes_in_and_is_told_why(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    with database.writer(row.id):
        Tenant.objects.update(status=Tenant.Status.DISCONNECTED, disconnected_by="ada@example.test")
    for kind in ("full", "global_administrator"):
        refused = someone(organisation.people[kind]).sign_in()
        assert refused.status_code == 403
        assert "Your organisation is disconnected" in text(refused)
        assert "ada@example.test" in text(refused)
    assert actions(row.id)[-1] == "administrator.sign_in_refused"


def test_somebody_of_an_unknown_tenant_is_told_which_tenant_it_was(
    connected: Connected, stranger: Organisation, someone: Someone
) -> None:
    connected()
    refused = someone(stranger.people["full"]).sign_in()
    assert refused.status_code == 403
    assert str(stranger.id) in text(refused)


def test_nobody_comes_in_while_graph_does_not_answer(
    connected: Connected, organisation: Organisation, microsoft: Microsoft, someone: Someone
) -> None:
    row = connected()
    person = someone(organisation.people["full"])
    for fault in ({"status": 503}, {"status": 403}, {"drop": True}, {"status": 429, "retry_after": 30}):
        microsoft.lab.post("/faults", {"match": "POST /v1.0/users", **fault})
        refused = person.sign_in()
        assert refused.status_code == 503, fault
        assert "Your access cannot be checked right now" in text(refused)
        microsoft.lab.delete("/faults")
    assert len(administrators(row)) == 1, "only who gave consent"


def test_entra_that_does_not_answer_is_explained(
    account: Tenant, microsoft: Microsoft, someone: Someone
) -> None:
    microsoft.lab.post("/faults", {"match": "GET /organizations/v2.0/.well-known", "status": 500})
    refused = someone(account.primary_contact).get("/signin/start")
    assert refused.status_code == 503
    assert "Microsoft's sign-in service cannot be reached" in text(refused).replace("&#x27;", "'")


def test_a_wrong_credential_is_explained_with_entras_number(
    account: Tenant, organisation: Organisation, microsoft: Microsoft, someone: Someone
) -> None:
    person = someone(organisation.people["full"])
    back = person.start()
    microsoft.change_app(certificates=[])
    try:
        refused = person.get(back)
    finally:
        microsoft.change_app(certificates=[microsoft.certificate])
    assert refused.status_code == 502
    assert "AADSTS700027" in text(refused)
    assert administrators(account) == []


@pytest.mark.usefixtures("microsoft")
def test_an_installation_without_application_says_so(
    someone: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vedette.foundation import config  # noqa: PLC0415 - read anew in this test

    monkeypatch.delenv("VEDETTE_CLIENT_ID")
    config.current.cache_clear()
    refused = someone("nobody").get("/signin/start")
    assert refused.status_code == 503
    assert "not connected to Microsoft yet" in text(refused)


def test_an_answer_is_taken_once_and_only_in_the_browser_that_asked(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    person, thief = someone(organisation.people["full"]), someone(organisation.people["none"])
    back = person.start()
    assert thief.get(back).status_code == 400
    assert person.get(back).status_code == 302
    assert person.get(back).status_code == 400


def test_a_sign_in_that_took_too_long_begins_again(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    person = someone(organisation.people["full"])
    back = person.start()
    session = person.pages.session
    attempts = session["sign_in_attempts"]
    for attempt in attempts.values():
        attempt["begun"] -= 1801
    session["sign_in_attempts"] = attempts
    session.save()
    assert person.get(back).status_code == 400


def test_sign_ins_under_way_do_not_pile_up(account: Tenant, someone: Someone) -> None:
    person = someone(account.primary_contact)
    for _ in range(MAX_ATTEMPTS + 3):
        person.get("/signin/start")
    assert len(person.pages.session["sign_in_attempts"]) == MAX_ATTEMPTS


def test_cancelling_at_microsoft_is_explained(account: Tenant, someone: Someone) -> None:
    person = someone(account.primary_contact)
    state = parse_qs(urlsplit(person.get("/signin/start")["Location"]).query)["state"][0]
    refused = person.get(f"/signin/callback?error=access_denied&error_description=AADSTS65004&state={state}")
    assert refused.status_code == 403
    assert "AADSTS65004" in text(refused)


@pytest.mark.usefixtures("microsoft")
def test_the_request_to_entra_asks_for_a_code_with_pkce_and_nonce(someone: Someone) -> None:
    url = someone("nobody").get("/signin/start")["Location"]
    query = parse_qs(urlsplit(url).query)
    assert "/organizations/oauth2/v2.0/authorize" in url
    assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
    assert all(len(query[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))


def test_a_single_tenants_own_authority_is_used_when_the_address_names_it(
    account: Tenant, someone: Someone
) -> None:
    person = someone(account.primary_contact)
    url = person.get(f"/signin/start?tenant={account.entra_tenant_id}")["Location"]
    assert f"/{account.entra_tenant_id}/oauth2/v2.0/authorize" in url
    assert "/organizations/" in person.get("/signin/start?tenant=../evil")["Location"]


def test_after_sign_in_nobody_is_sent_to_another_site(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    person = someone(organisation.people["full"])
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert person.sign_in(next_path=target)["Location"] == "/dashboard/", target


def test_signing_in_gives_a_new_session_key(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    connected()
    person = someone(organisation.people["full"])
    back = person.start()
    before = person.pages.cookies["vedette_session"].value
    person.get(back)
    assert person.pages.cookies["vedette_session"].value != before


def test_signing_out_ends_the_session_and_offers_microsofts(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    person = someone(organisation.people["full"])
    person.sign_in()
    assert person.get("/signout").status_code == 405
    away = person.pages.post("/signout")
    assert away["Location"] == "/signin?signed_out=1"
    assert "/oauth2/v2.0/logout?post_logout_redirect_uri=" in text(person.get(away["Location"]))
    assert person.get("/dashboard/")["Location"] == "/signin?next=%2Fdashboard%2F"
    assert actions(row.id)[-1] == "administrator.signed_out"


def test_a_person_keeps_one_row_whatever_they_are_called(
    connected: Connected, organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    upn = organisation.people["full"]
    someone(upn).sign_in()
    organisation.lab.patch(
        f"/tenants/{organisation.id}/users/{organisation.oid(upn)}", {"display_name": "Hugo New"}
    )
    someone(upn).sign_in()
    found = [person for person in administrators(row) if person.upn == upn]
    assert [person.display_name for person in found] == ["Hugo New"]
    assert found[0].last_sign_in_at > found[0].first_sign_in_at
    assert fresh(row).status == "consented"


def add_member(organisation: Organisation, kind: str, member: str) -> None:
    path = f"/tenants/{organisation.id}/groups/{organisation.groups[kind]}/members"
    organisation.lab.post(path, {"ids": [member]})
