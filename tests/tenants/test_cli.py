"""`vedette tenant` and `vedette operator` (A1, A2, A7), on a real database and a real mail server."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from django.test import override_settings
from tests.support.microsoft import Microsoft, Organisation
from tests.tenants.conftest import actions, fresh

from vedette.tenants import accounts, signals
from vedette.tenants.cli import operator, tenant
from vedette.tenants.models import Tenant


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tenant, list(arguments))


def create(organisation: Organisation, *more: str, **changes: str) -> Result:
    values = {
        "entra-tenant-id": str(organisation.id),
        "full-group": str(organisation.groups["full"]),
        "contact": "contact@fabrikam.example",
        "name": "Fabrikam",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return run("create", *(part for name, value in values.items() for part in (f"--{name}", value)), *more)


def mails(microsoft: Microsoft, to: str) -> list[dict[str, Any]]:
    """Wait for mail: SMTP has accepted it, the lab's list shows it a moment later."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if found := microsoft.lab.get("/mail", to=to):
            return list(found)
        time.sleep(0.02)
    return []


def test_an_account_is_made_and_the_contact_gets_the_link(
    organisation: Organisation, microsoft: Microsoft
) -> None:
    made = []
    signals.tenant_created.connect(
        lambda tenant, **_rest: made.append(tenant.id), weak=False, dispatch_uid="t"
    )
    try:
        result = create(organisation, "--json", restricted_group=str(organisation.groups["restricted"]))
    finally:
        signals.tenant_created.disconnect(dispatch_uid="t")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["status"] == "invited"
    assert shown["login_link"] == "http://127.0.0.1:8080/les?action=consent"
    assert [str(one) for one in made] == [shown["id"]]
    (mail,) = mails(microsoft, "contact@fabrikam.example")
    assert shown["login_link"] in mail["text"]
    assert shown["login_link"] in mail["html"]
    assert "Global Administrator" in mail["text"]


def test_the_mail_speaks_the_language_of_the_account(
    organisation: Organisation, microsoft: Microsoft
) -> None:
    assert create(organisation, language="fr").exit_code == 0
    (mail,) = mails(microsoft, "contact@fabrikam.example")
    assert mail["subject"].startswith("Terminez")
    assert "administrateur général" in mail["text"]


def test_a_second_account_for_a_tenant_is_refused_with_the_way_out(organisation: Organisation) -> None:
    assert create(organisation, "--no-mail").exit_code == 0
    second = create(organisation, "--no-mail", name="Again", full_group=str(uuid4()))
    assert second.exit_code == 1
    (existing,) = accounts.everything()
    assert "has an account already: “Fabrikam”" in second.stderr
    assert f"vedette tenant set-groups {existing.id}" in second.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entra_tenant_id": "fabrikam"}, "--entra-tenant-id: This is not a GUID"),
        ({"full_group": "12345"}, "--full-group: This is not a GUID"),
        ({"full_group": "00000000-0000-0000-0000-000000000000"}, "--full-group: This is not a GUID"),
        ({"contact": "nobody"}, "--contact: Enter a valid email address"),
        ({"name": "  "}, "--name: This field is required"),
        ({"language": "tlh"}, "--language:"),
        ({"entra_tenant_id": "9188040d-6c67-4c5b-b112-36a304b66dad"}, "personal Microsoft accounts"),
    ],
)
def test_a_wrong_value_is_named(organisation: Organisation, changes: dict[str, str], words: str) -> None:
    result = create(organisation, "--no-mail", **changes)
    assert result.exit_code == 2
    assert words in result.stderr
    assert accounts.everything() == []


def test_one_group_cannot_have_both_levels(organisation: Organisation) -> None:
    group = str(organisation.groups["full"])
    result = create(organisation, "--no-mail", restricted_group=group.upper())
    assert result.exit_code == 2
    assert "--restricted-group: This is the group with full access again" in result.stderr


def test_the_tenants_id_is_no_group(organisation: Organisation) -> None:
    result = create(organisation, "--no-mail", full_group=str(organisation.id))
    assert result.exit_code == 2
    assert "--full-group: This is the tenant's ID" in result.stderr


def test_an_account_is_kept_when_the_mail_does_not_leave(
    organisation: Organisation, microsoft: Microsoft
) -> None:
    with override_settings(EMAIL_PORT=9):
        result = create(organisation)
    assert result.exit_code == 3
    assert "The account is kept" in result.stderr
    (kept,) = accounts.everything()
    assert kept.invitation_error
    assert run("invite", str(kept.entra_tenant_id)).exit_code == 0
    assert fresh(kept).invitation_error == ""
    assert mails(microsoft, "contact@fabrikam.example")
    assert actions(kept.id) == ["tenant.created", "tenant.invitation_failed", "tenant.invitation_sent"]


def test_accounts_are_listed_and_shown(account: Tenant, organisation: Organisation) -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert [row["id"] for row in listed] == [str(account.id)]
    assert str(organisation.id) in run("list").stdout
    shown = json.loads(run("show", str(organisation.id), "--json").stdout)
    assert shown == listed[0]
    assert "Fabrikam" in run("show", str(account.id)).stdout


@pytest.mark.usefixtures("microsoft")
def test_no_accounts_yet() -> None:
    assert "vedette tenant create" in run("list").stdout


@pytest.mark.usefixtures("microsoft")
@pytest.mark.parametrize(("key", "code"), [("fabrikam", 2), ("3f8a1c52-9d0e-4b7a-8c61-2e5f7a9b0d13", 1)])
def test_an_unknown_account_is_said_so(key: str, code: int) -> None:
    result = run("show", key, "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)["error"]


def test_groups_are_changed_before_consent_without_asking_graph(account: Tenant) -> None:
    full, restricted = str(uuid4()), str(uuid4())
    result = run("set-groups", str(account.id), "--full-group", full, "--restricted-group", restricted)
    assert result.exit_code == 0, result.output
    assert (str(fresh(account).full_group_id), str(fresh(account).restricted_group_id)) == (full, restricted)
    assert actions(account.id)[-1] == "tenant.groups_changed"


def test_the_restricted_group_stays_unless_it_is_taken_away(account: Tenant) -> None:
    before = account.restricted_group_id
    assert run("set-groups", str(account.id), "--full-group", str(uuid4())).exit_code == 0
    assert fresh(account).restricted_group_id == before
    options = ["--full-group", str(uuid4()), "--no-restricted-group"]
    assert run("set-groups", str(account.id), *options).exit_code == 0
    assert fresh(account).restricted_group_id is None


def test_names_of_new_groups_are_looked_up_and_a_missing_one_is_said(
    connected: Callable[[], Tenant], organisation: Organisation
) -> None:
    row = connected()
    enrollment = str(organisation.groups["enrollment"])
    result = run("set-groups", str(row.id), "--full-group", enrollment, "--restricted-group", str(uuid4()))
    assert result.exit_code == 0, result.output
    assert fresh(row).full_group_name == "Company Phones"
    assert "The directory holds no group" in result.stderr


@pytest.mark.usefixtures("microsoft")
def test_an_operator_link_is_printed() -> None:
    result = CliRunner().invoke(operator, ["link", "--json"])
    assert json.loads(result.stdout)["url"].startswith("http://127.0.0.1:8080/operator/open/")
