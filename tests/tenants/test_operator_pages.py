"""The operator's pages (A1 to A3): opened once, an account made, the link sent."""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import override_settings
from tests.support.microsoft import Microsoft, Organisation
from tests.tenants.conftest import Person, text

from vedette.tenants import accounts, operator_links
from vedette.tenants.models import Tenant

Someone = Callable[[str], Person]


def open_link(person: Person) -> Person:
    assert person.get(urlsplit(operator_links.make()).path)["Location"] == "/operator/"
    return person


@pytest.fixture
def operator(microsoft: Microsoft, someone: Someone) -> Person:
    assert microsoft.client_id
    return open_link(someone("operator"))


def form(organisation: Organisation, **changes: str) -> dict[str, str]:
    return {
        "name": "Fabrikam",
        "entra_tenant_id": str(organisation.id),
        "full_group_id": str(organisation.groups["full"]),
        "restricted_group_id": str(organisation.groups["restricted"]),
        "primary_contact": "contact@fabrikam.example",
        "language": "en",
        **changes,
    }


def test_a_link_opens_the_page_once(operator: Person, someone: Someone) -> None:
    path = urlsplit(operator_links.make()).path
    first, second = someone("first"), someone("second")
    assert first.get(path).status_code == 302
    again = second.get(path)
    assert again.status_code == 410
    assert "has been used already" in text(again)
    assert second.get("/operator/").status_code == 403
    assert operator.get("/operator/").status_code == 200


@pytest.mark.usefixtures("microsoft")
def test_a_link_is_good_for_thirty_minutes(someone: Someone, move_clock: Callable[[float], None]) -> None:
    path = urlsplit(operator_links.make()).path
    move_clock(30 * 60 + 1)
    late = someone("late").get(path)
    assert late.status_code == 410
    assert "30 minutes" in text(late)


@pytest.mark.usefixtures("microsoft")
def test_an_invented_link_opens_nothing(someone: Someone) -> None:
    answer = someone("nobody").get("/operator/open/invented")
    assert answer.status_code == 404
    assert "vedette operator link" in text(answer)


def test_the_operators_pages_close_after_two_hours(
    operator: Person, move_clock: Callable[[float], None]
) -> None:
    move_clock(2 * 3600 + 1)
    closed = operator.get("/operator/")
    assert closed.status_code == 403
    assert "vedette operator link" in text(closed)


def test_administrators_are_no_operators(
    connected: Callable[[], Tenant], organisation: Organisation, someone: Someone
) -> None:
    row = connected()
    owner = someone(organisation.people["full"])
    owner.sign_in()
    for path in ("/operator/", "/operator/accounts/new", f"/operator/accounts/{row.id}"):
        assert owner.get(path).status_code == 403
    assert owner.pages.post(f"/operator/accounts/{row.id}/send").status_code == 403


def test_an_account_is_made_and_the_mail_leaves(
    operator: Person, organisation: Organisation, microsoft: Microsoft
) -> None:
    assert "No accounts yet" in text(operator.get("/operator/"))
    page = text(operator.get("/operator/accounts/new"))
    assert "Object ID" in page
    made = operator.pages.post("/operator/accounts/new", form(organisation))
    (row,) = accounts.everything()
    assert made["Location"] == f"/operator/accounts/{row.id}"
    shown = text(operator.get(made["Location"]))
    assert "http://127.0.0.1:8080/les?action=consent" in shown
    assert "is on its way to contact@fabrikam.example" in shown
    assert "Waiting for consent" in shown
    assert row.name in text(operator.get("/operator/"))
    assert microsoft.lab.get("/mail", to="contact@fabrikam.example")


def test_a_second_account_is_refused_with_the_way_out(
    operator: Person, account: Tenant, organisation: Organisation
) -> None:
    refused = operator.pages.post("/operator/accounts/new", form(organisation, name="Again"))
    assert refused.status_code == 400
    page = text(refused)
    assert "This Entra tenant has an account already" in page
    assert f"/operator/accounts/{account.id}" in page
    assert f"vedette tenant set-groups {account.entra_tenant_id}" in page
    assert len(accounts.everything()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entra_tenant_id": "fabrikam"}, "This is not a GUID"),
        ({"full_group_id": ""}, "This field is required"),
        ({"primary_contact": "nobody"}, "valid email address"),
    ],
)
def test_a_wrong_value_is_explained_beside_its_field(
    operator: Person, organisation: Organisation, changes: dict[str, str], words: str
) -> None:
    refused = operator.pages.post("/operator/accounts/new", form(organisation, **changes))
    assert refused.status_code == 400
    assert words in text(refused)
    assert accounts.everything() == []


def test_the_account_is_kept_when_the_mail_does_not_leave(
    operator: Person, organisation: Organisation
) -> None:
    with override_settings(EMAIL_PORT=9):
        made = operator.pages.post("/operator/accounts/new", form(organisation))
        page = text(operator.get(made["Location"]))
    assert "The account is kept" in page
    (row,) = accounts.everything()
    assert row.invitation_error
    sent = operator.pages.post(f"/operator/accounts/{row.id}/send", follow=True)
    assert "is on its way" in text(sent)
    assert accounts.everything()[0].invitation_error == ""


def test_an_unknown_account_is_not_there(operator: Person) -> None:
    assert operator.get(f"/operator/accounts/{uuid4()}").status_code == 404
