"""The first sign-in (A4): who may, what counts as consent, and what each failure says."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import pytest
from django.http import HttpResponse
from tests.support.microsoft import Microsoft, Organisation
from tests.tenants.conftest import Person, actions, administrators, draft, fresh, text

from vedette.foundation import database
from vedette.tenants import accounts, signals
from vedette.tenants.models import Tenant

Someone = Callable[[str], Person]


@pytest.fixture
def grace(organisation: Organisation, someone: Someone) -> Person:
    """The Global Administrator, who is in none of the console's groups."""
    return someone(organisation.people["global_administrator"])


@pytest.mark.usefixtures("microsoft")
def test_the_page_says_what_happens_who_must_sign_in_and_what_is_asked(someone: Someone) -> None:
    page = text(someone("nobody").get("/les?action=consent"))
    for words in (
        "Global Administrator",
        "Accept",
        "Device.ReadWrite.All",
        "User.Read.All",
        "From the next sign-in on",
    ):
        assert words in page
    assert 'href="/signin/start?purpose=consent"' in page


def test_accept_connects_the_organisation_and_lands_in_the_console(
    account: Tenant, organisation: Organisation, grace: Person
) -> None:
    seen: list[tuple[str, str]] = []

    def receive(tenant: Tenant, **_rest: object) -> None:
        assert database.current_tenant() == tenant.id
        seen.append((str(tenant.id), tenant.status))

    signals.tenant_consented.connect(receive, weak=False, dispatch_uid="test")
    try:
        landed = grace.onboard()
    finally:
        signals.tenant_consented.disconnect(dispatch_uid="test")
    assert landed.status_code == 302, text(landed)
    assert landed["Location"] == "/dashboard/"
    assert seen == [(str(account.id), "consented")]
    row = fresh(account)
    assert row.consented_by == organisation.people["global_administrator"]
    assert (row.full_group_name, row.restricted_group_name) == (
        "Mobile Security Admins",
        "Mobile Security Support",
    )
    page = text(grace.get("/dashboard/"))
    assert page.startswith(f"{grace.upn}|full|Fabrikam|")
    assert "Do you want an e-mail when a phone is at risk?" in page
    assert actions(account.id)[-2:] == ["tenant.consented", "administrator.signed_in"]


def test_the_session_that_gave_consent_says_that_the_groups_decide_from_now_on(
    account: Tenant, grace: Person
) -> None:
    grace.onboard()
    assert "from the next sign-in on" in text(grace.get("/preferences/"))
    assert fresh(account).status == "consented"


def test_at_the_next_sign_in_the_groups_decide(
    connected: Callable[[], Tenant], organisation: Organisation, someone: Someone
) -> None:
    connected()
    again = someone(organisation.people["global_administrator"]).sign_in()
    assert again.status_code == 403
    assert "You are not in a group that may use the console" in text(again)


def test_consent_counts_only_once_it_has_spread(account: Tenant, microsoft: Microsoft, grace: Person) -> None:
    microsoft.lab.post("/switches", {"consent_delay_seconds": 1000})
    assert grace.consent()["Location"] == "/consent/progress"
    waiting = grace.get("/consent/progress")
    assert waiting.status_code == 200
    assert "This page looks again by itself" in text(waiting)
    assert 'hx-get="/consent/progress"' in text(waiting)
    assert "What Microsoft said last" in text(waiting)
    assert fresh(account).status == "invited"
    assert grace.get("/dashboard/").status_code == 302, "nobody is in before consent counts"
    partial = grace.get("/consent/progress", HTTP_HX_REQUEST="true")
    assert "<html" not in text(partial)
    microsoft.lab.post(f"/tenants/{account.entra_tenant_id}/consents", {"client_id": microsoft.client_id})
    arrived = grace.get("/consent/progress", HTTP_HX_REQUEST="true")
    assert arrived["HX-Redirect"] == "/dashboard/"
    assert fresh(account).status == "consented"


def test_a_look_tries_once_and_does_not_keep_the_page_waiting(
    account: Tenant, microsoft: Microsoft, grace: Person
) -> None:
    grace.consent()
    microsoft.lab.post("/faults", {"match": "GET /v1.0/users", "status": 403, "times": 1})
    before = len(requests_to(microsoft, "/v1.0/users"))
    assert "Lasts" not in text(grace.get("/consent/progress"))
    assert len(requests_to(microsoft, "/v1.0/users")) == before + 1
    assert fresh(account).status == "invited"
    assert grace.get("/consent/progress")["Location"] == "/dashboard/"


def test_a_session_key_planted_before_is_worth_nothing_once_somebody_has_signed_in(
    account: Tenant, grace: Person
) -> None:
    way_back = grace.start(consent=True)
    planted = grace.pages.cookies["vedette_session"].value
    asked = grace.get(way_back)
    thief = Person("thief", grace.entra)
    thief.pages.cookies["vedette_session"] = planted
    grace.get(grace.entra.consent(asked["Location"], "accept"))
    assert thief.get("/consent/progress")["Location"] == "/les?action=consent"
    assert administrators(account) == []
    assert grace.get("/consent/progress")["Location"] == "/dashboard/"


def test_after_ten_minutes_the_page_gives_up_and_says_why(
    account: Tenant, microsoft: Microsoft, grace: Person, move_clock: Callable[[float], None]
) -> None:
    microsoft.lab.post("/switches", {"consent_delay_seconds": 1000})
    grace.consent()
    move_clock(601)
    page = text(grace.get("/consent/progress"))
    assert "has not taken effect within ten minutes" in page
    assert "hx-get" not in page
    assert "Authorization_RequestDenied" in page
    assert grace.pages.post("/consent/again")["Location"] == "/consent/progress"
    assert "hx-get" in text(grace.get("/consent/progress"))
    assert fresh(account).status == "invited"


def test_cancel_changes_nothing_and_offers_to_try_again(account: Tenant, grace: Person) -> None:
    refused = grace.consent("cancel")
    assert refused.status_code == 403
    assert "Consent was not given" in text(refused)
    assert "AADSTS65004" in text(refused)
    assert 'href="/les?action=consent"' in text(refused)
    assert grace.get("/consent/progress")["Location"] == "/les?action=consent"
    assert fresh(account).status == "invited"
    assert administrators(account) == []


def test_another_role_is_refused_by_name(
    account: Tenant, organisation: Organisation, someone: Someone
) -> None:
    refused = someone(organisation.people["full"]).to_consent()
    assert refused.status_code == 403
    assert "A Global Administrator is needed" in text(refused)
    assert organisation.people["full"] in text(refused)
    assert actions(account.id)[-1] == "administrator.sign_in_refused"


@pytest.mark.parametrize("change", [{"omit_wids": True}, {"group_claims": "None"}])
def test_a_token_without_roles_is_not_a_wrong_role(
    account: Tenant, microsoft: Microsoft, grace: Person, change: dict[str, object]
) -> None:
    microsoft.change_app(**change)
    refused = grace.to_consent()
    assert refused.status_code == 403
    page = text(refused)
    assert "did not say which directory roles you have" in page
    assert "groupMembershipClaims" in page
    assert "A Global Administrator is needed" not in page
    assert fresh(account).status == "invited"


def test_a_tenant_without_account_is_named(account: Tenant, stranger: Organisation, someone: Someone) -> None:
    refused = someone(stranger.people["global_administrator"]).to_consent()
    assert refused.status_code == 403
    assert "Your organisation has no account here" in text(refused)
    assert str(stranger.id) in text(refused)
    assert str(account.entra_tenant_id) not in text(refused), "other accounts are nobody's business"


def test_consent_reported_for_another_tenant_does_not_count(
    account: Tenant, stranger: Organisation, grace: Person
) -> None:
    state = consent_state(grace.to_consent())
    query = urlencode({"admin_consent": "True", "tenant": str(stranger.id), "state": state})
    refused = grace.get(f"/consent/callback?{query}")
    assert refused.status_code == 403
    assert "Consent was given for another tenant" in text(refused)
    assert str(stranger.id) in text(refused)
    assert fresh(account).status == "invited"


def test_saying_yes_in_the_address_without_consent_at_microsoft_proves_nothing(
    account: Tenant, grace: Person
) -> None:
    """Somebody types the answer that Entra would give; a token is issued, but the directory stays closed."""
    state = consent_state(grace.to_consent())
    query = urlencode({"admin_consent": "True", "tenant": str(account.entra_tenant_id), "state": state})
    assert grace.get(f"/consent/callback?{query}")["Location"] == "/consent/progress"
    page = text(grace.get("/consent/progress"))
    assert "Authorization_RequestDenied" in page
    assert fresh(account).status == "invited"


@pytest.mark.parametrize("state", ["", "invented"])
def test_an_answer_that_nobody_asked_for_is_refused(account: Tenant, grace: Person, state: str) -> None:
    grace.to_consent()
    query = urlencode({"admin_consent": "True", "tenant": str(account.entra_tenant_id), "state": state})
    assert grace.get(f"/consent/callback?{query}").status_code == 400


def test_an_answer_is_taken_once(account: Tenant, grace: Person) -> None:
    answer = grace.to_consent()
    back = grace.entra.consent(answer["Location"])
    assert grace.get(back).status_code == 302
    assert grace.get(back).status_code == 400
    assert fresh(account).status == "invited"


def test_a_missing_group_is_shown_with_what_to_do(organisation: Organisation, grace: Person) -> None:
    missing = uuid4()
    row = accounts.create(draft(organisation, restricted_group_id=missing))
    shown = grace.onboard()
    assert shown.status_code == 200
    page = text(shown)
    assert str(missing) in page
    assert "The directory holds no group with this ID" in page
    assert "vedette tenant set-groups" in page
    assert 'href="/dashboard/"' in page
    assert fresh(row).status == "consented"
    assert grace.get("/dashboard/").status_code == 200


def test_without_a_restricted_group_one_group_is_looked_up(organisation: Organisation, grace: Person) -> None:
    row = accounts.create(draft(organisation, restricted_group_id=None))
    assert grace.onboard()["Location"] == "/dashboard/"
    assert fresh(row).restricted_group_name == ""


def test_consent_given_again_lets_nobody_past_the_groups(
    connected: Callable[[], Tenant], organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    refused = someone(organisation.people["global_administrator"]).onboard()
    assert refused.status_code == 403
    assert "tenant.consent_renewed" in actions(row.id)


def test_others_who_follow_the_link_after_consent_simply_sign_in(
    connected: Callable[[], Tenant], organisation: Organisation, someone: Someone
) -> None:
    connected()
    assert someone(organisation.people["full"]).to_consent()["Location"] == "/dashboard/"


def consent_state(answer: HttpResponse) -> str:
    return parse_qs(urlsplit(answer["Location"]).query)["state"][0]


def requests_to(microsoft: Microsoft, prefix: str) -> list[object]:
    return [entry for entry in microsoft.lab.get("/requests") if entry["path"].startswith(prefix)]
