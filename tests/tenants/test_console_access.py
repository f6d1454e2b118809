"""Who may open what once signed in: owner, member and stranger at each door; sessions that are re-checked."""

from collections.abc import Callable

import pytest
from tests.support.microsoft import Microsoft, Organisation
from tests.tenants.conftest import Person, actions, administrators, draft, fresh, text

from vedette.tenants import accounts
from vedette.tenants.jobs import forget_sessions
from vedette.tenants.models import Tenant
from vedette.tenants.sessions import SessionStore

Someone = Callable[[str], Person]


@pytest.fixture
def row(connected: Callable[[], Tenant]) -> Tenant:
    return connected()


@pytest.fixture
def owner(row: Tenant, organisation: Organisation, someone: Someone) -> Person:
    """Full access."""
    assert row.status == "consented"
    return signed_in(someone(organisation.people["full"]))


@pytest.fixture
def member(row: Tenant, organisation: Organisation, someone: Someone) -> Person:
    """Restricted access."""
    assert row.status == "consented"
    return signed_in(someone(organisation.people["restricted"]))


@pytest.fixture
def outsider(stranger: Organisation, someone: Someone) -> Person:
    """Full access in another organisation."""
    accounts.create(draft(stranger, name="Stranger"))
    landed = someone(stranger.people["global_administrator"]).onboard()
    assert landed.status_code == 302
    return signed_in(someone(stranger.people["full"]))


def signed_in(person: Person) -> Person:
    assert person.sign_in()["Location"] == "/dashboard/"
    return person


ANSWERS = [
    # method, path, status for the owner (full access), for the member (restricted)
    ("get", "/dashboard/", 200, 200),
    ("get", "/policy/", 200, 200),
    ("post", "/policy/", 200, 403),
    ("put", "/policy/", 200, 403),
    ("delete", "/policy/", 200, 403),
    ("get", "/connectors/", 200, 403),
    ("post", "/deactivate/", 200, 200),
]


def test_the_matrix_rules_pages_and_acts(owner: Person, member: Person) -> None:
    found = [
        (method, path, *(getattr(person.pages, method)(path).status_code for person in (owner, member)))
        for method, path, _owner, _member in ANSWERS
    ]
    assert found == ANSWERS


def test_who_may_not_is_told_what_is_missing_and_who_can_give_it(member: Person) -> None:
    page = text(member.get("/connectors/"))
    said = ["This needs full access", "Connectors", "Mobile Security Admins", member.upn]
    assert [words for words in said if words not in page] == []


def test_rows_of_another_organisation_are_not_there(
    owner: Person, member: Person, outsider: Person, row: Tenant
) -> None:
    (oid,) = [str(person.oid) for person in administrators(row) if person.upn == owner.upn]
    assert owner.get(f"/people/{oid}/").status_code == 200
    assert member.get(f"/people/{oid}/").status_code == 200
    assert outsider.get(f"/people/{oid}/").status_code == 404
    assert "|Stranger|" in text(outsider.get("/dashboard/"))


@pytest.mark.usefixtures("row")
def test_somebody_unknown_is_sent_to_sign_in_and_back(someone: Someone) -> None:
    nobody = someone("nobody")
    assert nobody.get("/policy/?sort=risk")["Location"] == "/signin?next=%2Fpolicy%2F%3Fsort%3Drisk"
    assert nobody.pages.post("/policy/")["Location"] == "/signin?next=%2F"
    answer = nobody.get(
        "/policy/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://127.0.0.1:8080/policy/?a=1"
    )
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/signin?next=%2Fpolicy%2F%3Fa%3D1")
    assert nobody.get("/")["Location"] == "/signin"
    assert nobody.get("/operator/").status_code == 403


def test_the_root_leads_who_is_signed_in_to_the_dashboard(owner: Person) -> None:
    assert owner.get("/")["Location"] == "/dashboard/"


def test_what_a_failing_view_wrote_is_undone(owner: Person, row: Tenant) -> None:
    owner.pages.raise_request_exception = False
    assert owner.get("/fails/").status_code == 500
    assert fresh(row).name == "Fabrikam"
    assert owner.get("/dashboard/").status_code == 200


def test_a_view_may_do_without_the_door(owner: Person) -> None:
    assert text(owner.get("/closed/")) == "no door for Fabrikam"


def test_a_view_without_mark_gets_no_person(owner: Person) -> None:
    assert text(owner.get("/unmarked/")) == "None"


def leave(organisation: Organisation, kind: str, upn: str) -> None:
    group = organisation.groups[kind]
    organisation.lab.delete(f"/tenants/{organisation.id}/groups/{group}/members/{organisation.oid(upn)}")


def test_leaving_the_group_ends_the_session_within_fifteen_minutes(
    owner: Person, organisation: Organisation, row: Tenant, move_clock: Callable[[float], None]
) -> None:
    leave(organisation, "full", owner.upn)
    move_clock(14 * 60)
    assert owner.get("/dashboard/").status_code == 200
    move_clock(15 * 60 + 1)
    refused = owner.get("/dashboard/")
    assert refused.status_code == 403
    assert "You are not in a group that may use the console" in text(refused)
    assert owner.get("/dashboard/").status_code == 302
    assert actions(row.id)[-1] == "administrator.sign_in_refused"


def test_a_change_of_level_takes_hold_in_the_running_session(
    owner: Person, organisation: Organisation, row: Tenant, move_clock: Callable[[float], None]
) -> None:
    support = f"/tenants/{organisation.id}/groups/{organisation.groups['restricted']}/members"
    organisation.lab.post(support, {"ids": [owner.upn]})
    leave(organisation, "full", owner.upn)
    move_clock(15 * 60 + 1)
    assert owner.get("/connectors/").status_code == 403
    assert "|restricted|" in text(owner.get("/dashboard/"))
    assert actions(row.id)[-1] == "administrator.access_changed"


def test_while_graph_is_down_a_session_goes_on_for_an_hour_at_most(
    owner: Person, microsoft: Microsoft, move_clock: Callable[[float], None]
) -> None:
    microsoft.lab.post("/faults", {"match": "POST /v1.0/users", "status": 503})
    move_clock(20 * 60)
    assert owner.get("/dashboard/").status_code == 200
    asked = asked_of_graph(microsoft)
    assert owner.get("/dashboard/").status_code == 200
    assert asked_of_graph(microsoft) == asked, "a failing Graph is not asked at each request"
    move_clock(61 * 60)
    refused = owner.get("/dashboard/")
    assert refused.status_code == 503
    assert "Your access cannot be checked right now" in text(refused)
    microsoft.lab.delete("/faults")
    assert owner.get("/dashboard/").status_code == 200, "back as soon as Microsoft answers"


def test_the_session_that_gave_consent_is_not_measured_by_the_groups(
    account: Tenant, organisation: Organisation, someone: Someone, move_clock: Callable[[float], None]
) -> None:
    grace = someone(organisation.people["global_administrator"])
    grace.onboard()
    assert fresh(account).status == "consented"
    move_clock(3600)
    assert grace.get("/dashboard/").status_code == 200


def test_a_session_has_a_fixed_end(owner: Person) -> None:
    session = owner.pages.session
    assert 11.9 * 3600 < session.get_expiry_age() <= 12 * 3600
    end = session["_session_expiry"]
    owner.get("/dashboard/")
    assert owner.pages.session["_session_expiry"] == end


def asked_of_graph(microsoft: Microsoft) -> int:
    return sum("checkMemberGroups" in entry["path"] for entry in microsoft.lab.get("/requests"))


def test_sessions_that_have_ended_are_forgotten(owner: Person) -> None:
    session = owner.pages.session
    session.set_expiry(-1)
    session.save()
    kept = SessionStore()
    kept["anything"] = 1
    kept.save()
    forget_sessions.func(0)
    assert not kept.exists(str(session.session_key))
    assert kept.exists(str(kept.session_key))
