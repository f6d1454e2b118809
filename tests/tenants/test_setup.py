"""The set-up wizard: an organisation registers its own application, by each kind of credential, and renews it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from tests.support.microsoft import PERMISSIONS, PUBLIC, Microsoft, Organisation, redirect_uris
from tests.tenants.conftest import Person, forget, fresh, text

from vedette.events.models import Event
from vedette.foundation import certificates, config, database
from vedette.foundation.graph import Graph, TokenError
from vedette.tenants import accounts, drafts, operator_links, registrations
from vedette.tenants.cli import operator as operator_command
from vedette.tenants.models import AppRegistration, Tenant

Someone = Callable[[str], Person]
SUBJECT = "system:serviceaccount:mtd:vedette"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    registrations.forget()
    yield
    registrations.forget()


@pytest.fixture
def operator(microsoft: Microsoft, someone: Someone) -> Person:
    assert microsoft.client_id
    person = someone("operator")
    person.get(urlsplit(operator_links.make()).path)
    return person


class Wizard:
    """Somebody in the wizard of one account."""

    def __init__(self, person: Person, base: str) -> None:
        self.person, self.base = person, base

    def get(self, page: str = "") -> Any:
        return self.person.get(f"{self.base}{page}")

    def post(self, page: str, **form: Any) -> Any:
        return self.person.pages.post(f"{self.base}{page}", form)

    def follow(self, page: str, **form: Any) -> str:
        answer = self.person.pages.post(f"{self.base}{page}", form, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        return unescape(text(answer))


@pytest.fixture
def wizard(operator: Person, account: Tenant) -> Wizard:
    return Wizard(operator, f"/operator/accounts/{account.id}/setup/")


@pytest.fixture
def own_app(microsoft: Microsoft, organisation: Organisation) -> str:
    """A single-tenant registration that somebody made in the organisation's Entra; without any credential."""
    body = {
        "display_name": "Vedette of our own",
        "home_tenant": str(organisation.id),
        "multi_tenant": False,
        "redirect_uris": redirect_uris(PUBLIC),
        "permissions": PERMISSIONS,
    }
    return str(microsoft.lab.post("/apps", body)["client_id"])


@contextmanager
def environment(**values: str | None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value) if value else patch.delenv(name, raising=False)
        forget()
        yield
    forget()


def rows(tenant: Tenant) -> dict[str, AppRegistration]:
    with database.tenant(tenant.id):
        return {row.stage: row for row in AppRegistration.objects.all()}


def by_secret(
    wizard: Wizard, microsoft: Microsoft, client_id: str, value: str = "a-secret-of-the-tests"
) -> str:
    """Go through the first two steps with a secret that Entra knows."""
    ends = datetime.now(UTC) + timedelta(days=90)
    microsoft.lab.patch(f"/apps/{client_id}", {"secrets": [{"value": value, "expires": ends.isoformat()}]})
    wizard.post("begin")
    wizard.post("application", client_id=client_id, cloud="here")
    wizard.post("credential/secret", value=value, expires=ends.date().isoformat())
    return value


def test_a_certificate_made_here_leads_from_nothing_to_the_first_sign_in(
    wizard: Wizard,
    account: Tenant,
    organisation: Organisation,
    microsoft: Microsoft,
    own_app: str,
    someone: Someone,
) -> None:
    with environment(VEDETTE_CLIENT_ID=None, VEDETTE_CLIENT_CERTIFICATE=None, VEDETTE_CLIENT_KEY=None):
        assert "None is set" in text(wizard.get())
        shown = wizard.follow("begin")
        assert all(uri in shown for uri in redirect_uris(PUBLIC))
        assert "1138cb37-bd11-4084-a2b7-9f71582aeddb" in shown, "the manifest asks for Device.ReadWrite.All"
        wizard.follow("application", client_id=own_app, cloud="here", profiles=["read", "attribute"])
        page = wizard.follow("credential/make", days="365")
        row = rows(account)["draft"]
        assert certificates.facts(row.certificate).thumbprint in page
        assert "PRIVATE KEY" not in row.sealed_key
        given = wizard.get("certificate.cer").content.decode()
        assert given == row.certificate
        assert "The certificate is not registered with this application" in wizard.follow("test")
        microsoft.lab.patch(f"/apps/{own_app}", {"certificates": [given]})
        assert "Entra gives a token for it" in wizard.follow("test")
        assert "The registration is in force" in wizard.follow("start")
        link = f"/les?action=consent&amp;tenant={organisation.id}"
        assert link in text(wizard.person.get(f"/operator/accounts/{account.id}"))

        ada = someone(organisation.people["global_administrator"])
        start = ada.pages.get("/signin/start", {"purpose": "consent", "tenant": str(organisation.id)})
        assert own_app in start["Location"]
        answer = ada.get(ada.entra.sign_in(start["Location"], ada.upn))
        ada.get(ada.entra.consent(answer["Location"]))
        assert ada.get("/consent/progress")["Location"] == "/dashboard/"
        assert fresh(account).status == Tenant.Status.CONSENTED

        other = someone(organisation.people["full"])
        assert "by-organisation" in text(other.get("/signin"))
        way = other.pages.get("/signin/organisation", {"organisation": other.upn, "next": "/policy/"})
        assert str(organisation.id) in way["Location"]
        landed = other.get(other.entra.sign_in(other.get(way["Location"])["Location"], other.upn))
        assert landed["Location"] == "/policy/"


def test_an_organisation_that_is_not_known_is_told_so(wizard: Wizard, someone: Someone) -> None:
    assert wizard
    for named in ("nowhere.example", "x@nowhere.example", "", "../..", "a b"):
        answer = someone("nobody").pages.get("/signin/organisation", {"organisation": named})
        assert answer.status_code == 404
        assert "not known here" in text(answer)


def test_a_credential_is_renewed_without_a_gap_and_never_shown(
    wizard: Wizard, account: Tenant, organisation: Organisation, microsoft: Microsoft, own_app: str
) -> None:
    first = by_secret(wizard, microsoft, own_app)
    microsoft.lab.post(f"/tenants/{organisation.id}/consents", {"client_id": own_app})
    pages = [wizard.follow("test"), wizard.follow("start")]
    assert Graph(organisation.id).get("/groups", top=1)

    assert wizard.post("begin", renew="1")["Location"].endswith("/credential")
    tomorrow = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    second = "b-secret-that-comes-after"
    pages.append(wizard.follow("credential/secret", value=second, expires=tomorrow))
    pages.append(wizard.follow("test"))
    assert "The secret is not one of this application" in pages[-1]
    refused = wizard.follow("start")
    assert "Entra has not given a token" in refused
    assert rows(account)["in_force"].secret_expires, "the old one is still there"
    assert Graph(organisation.id).fresh_token(), "and works"

    ends = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    both = [{"value": first, "expires": ends}, {"value": second, "expires": ends}]
    microsoft.lab.patch(f"/apps/{own_app}", {"secrets": both})
    pages += [wizard.follow("test"), wizard.follow("start"), text(wizard.get())]
    microsoft.lab.patch(f"/apps/{own_app}", {"secrets": both[1:]})
    assert Graph(organisation.id).fresh_token(), "the new one is used"
    assert set(rows(account)) == {"in_force"}
    with database.tenant(account.id):
        told = str(list(Event.objects.values_list("detail", "changes")))
        kept = str(list(AppRegistration.objects.values()))
    for secret in (first, second):
        assert all(secret not in place for place in (*pages, told, kept))
    assert "registration.in_force" in actions_of(account)


def actions_of(tenant: Tenant) -> list[str]:
    with database.tenant(tenant.id):
        return list(Event.objects.values_list("action", flat=True))


def test_the_platforms_token_is_used_and_what_does_not_fit_is_named(
    wizard: Wizard, microsoft: Microsoft, organisation: Organisation, own_app: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    made = microsoft.lab.post("/outside/cluster/token", {"subject": SUBJECT})
    token.write_text(made["token"])
    with environment(AZURE_FEDERATED_TOKEN_FILE=str(token)):
        wizard.post("begin")
        wizard.post("application", client_id=own_app, cloud="here")
        page = text(wizard.get("credential"))
        assert made["issuer"] in page
        assert SUBJECT in page
        wizard.post("credential/federation")
        assert "has the token's issuer" in wizard.follow("test")
        trust = {"issuer": made["issuer"], "subject": SUBJECT.upper()}
        microsoft.lab.patch(f"/apps/{own_app}", {"federated": [trust]})
        assert "in capitals only" in wizard.follow("test")
        microsoft.lab.patch(f"/apps/{own_app}", {"federated": [{**trust, "subject": SUBJECT}]})
        assert "Entra gives a token for it" in wizard.follow("test")
        wizard.follow("start")
        assert Graph(organisation.id).fresh_token()
        token.write_text("no token")
        with pytest.raises(TokenError):
            Graph(organisation.id).fresh_token()
    with environment(AZURE_FEDERATED_TOKEN_FILE=None):
        wizard.post("begin")
        assert "VEDETTE_FEDERATED_TOKEN_FILE" in text(wizard.get("credential"))


def test_a_connected_organisation_changes_over_only_once_the_new_one_has_consent(
    connected: Callable[[], Tenant],
    organisation: Organisation,
    microsoft: Microsoft,
    own_app: str,
    someone: Someone,
) -> None:
    account = connected()
    owner = someone(organisation.people["full"])
    owner.sign_in()
    wizard = Wizard(owner, "/system/connectors/registration/")
    by_secret(wizard, microsoft, own_app)
    assert "consent is missing" in wizard.follow("test")
    assert "Consent is missing" in wizard.follow("start")
    assert "in_force" not in rows(account)
    assert own_app in text(wizard.get("start")), "the link is for the new application"
    microsoft.lab.post(f"/tenants/{organisation.id}/consents", {"client_id": own_app})
    wizard.follow("start")
    assert str(rows(account)["in_force"].client_id) == own_app
    assert registrations.of(account).client_id == own_app
    wizard.post("return")
    assert registrations.of(account).client_id == microsoft.client_id
    with database.tenant(account.id):
        by = set(
            Event.objects.filter(action__startswith="registration.").values_list("actor_name", flat=True)
        )
    assert by == {owner.upn}


def test_the_wizard_is_left_and_taken_up_and_thrown_away(
    wizard: Wizard, account: Tenant, own_app: str
) -> None:
    wizard.post("begin")
    assert wizard.get("credential")["Location"].endswith("/application"), "the first step comes first"
    wizard.post("application", client_id=own_app, cloud="gcc_high", profiles=["read", "mail"])
    again = text(wizard.get())
    assert "Being prepared" in again
    assert f'href="{wizard.base}credential"' in again
    row = rows(account)["draft"]
    assert (row.cloud, row.profiles) == ("gcc_high", ["read", "mail"])
    assert registrations.read(row).graph_url == "https://graph.microsoft.us"
    wizard.post("discard")
    assert rows(account) == {}
    assert wizard.get("test")["Location"] == wizard.base


def test_what_a_test_found_counts_for_what_was_tested_only(
    wizard: Wizard, account: Tenant, own_app: str, microsoft: Microsoft
) -> None:
    by_secret(wizard, microsoft, own_app)
    tried = rows(account)["draft"]
    by_secret(wizard, microsoft, own_app, "another-secret-of-the-tests")
    assert not drafts.tested(tried, {"token": True}), "the credential was replaced meanwhile"
    assert rows(account)["draft"].trial == {}
    assert drafts.tested(rows(account)["draft"], {"token": True})
    assert rows(account)["draft"].trial == {"token": True}


@pytest.mark.parametrize(
    ("page", "form", "words"),
    [
        pytest.param("application", {"client_id": "7", "cloud": "here"}, "This is not a GUID", id="no-guid"),
        pytest.param(
            "application",
            {"client_id": "TENANT", "cloud": "here"},
            "This is the tenant&#x27;s ID",
            id="tenant",
        ),
        pytest.param("application", {"client_id": "APP", "cloud": "moon"}, "moon", id="cloud"),
        pytest.param(
            "credential/secret", {"value": "x", "expires": "2020-01-01"}, "This day is past", id="past"
        ),
        pytest.param(
            "credential/secret",
            {"value": "3f8a1c52-9d0e-4b7a-8c61-2e5f7a9b0d13", "expires": "2099-01-01"},
            "secret&#x27;s ID",
            id="secret-id",
        ),
        pytest.param("credential/upload", {"certificate": "x", "key": "y"}, "not readable PEM", id="no-pem"),
        pytest.param(
            "credential/upload", {"certificate": "ONE", "key": "OTHER"}, "does not belong", id="pair"
        ),
        pytest.param("credential/make", {"days": "99999"}, "99999", id="days"),
    ],
)
def test_what_cannot_be_is_said_at_the_field(
    wizard: Wizard,
    account: Tenant,
    microsoft: Microsoft,
    own_app: str,
    page: str,
    form: dict[str, str],
    words: str,
) -> None:
    wizard.post("begin")
    wizard.post("application", client_id=own_app, cloud="here")
    stand = {
        "TENANT": str(account.entra_tenant_id),
        "APP": own_app,
        "ONE": microsoft.certificate,
        "OTHER": certificates.make("Other", 1).key if "OTHER" in form.values() else "",
    }
    answer = wizard.post(page, **{name: stand.get(value, value) for name, value in form.items()})
    assert answer.status_code == 400
    assert words in text(answer)
    assert "PRIVATE KEY-----M" not in text(answer)


def test_only_full_access_and_the_operator_get_in(
    connected: Callable[[], Tenant],
    organisation: Organisation,
    stranger: Organisation,
    operator: Person,
    someone: Someone,
) -> None:
    account = connected()
    drafts.begin(account, accounts.OPERATOR)
    reader = someone(organisation.people["restricted"])
    reader.sign_in()
    nobody = someone("nobody")
    for page in ("", "application", "credential", "test", "start", "certificate.cer", "return"):
        assert reader.get(f"/system/connectors/registration/{page}").status_code == 403
        assert nobody.get(f"/system/connectors/registration/{page}")["Location"].startswith("/signin")
        assert reader.get(f"/operator/accounts/{account.id}/setup/{page}").status_code == 403
    assert reader.pages.post("/system/connectors/registration/begin").status_code == 403
    assert operator.get(f"/operator/accounts/{stranger.id}/setup/").status_code == 404
    assert set(rows(account)) == {"draft"}


def test_a_sealed_key_that_does_not_open_is_told(
    wizard: Wizard, account: Tenant, microsoft: Microsoft, own_app: str
) -> None:
    by_secret(wizard, microsoft, own_app)
    with database.tenant(account.id):
        AppRegistration.objects.update(sealed_secret="v1.AAAA")
    assert "cannot be opened" in wizard.follow("test")


def test_the_settings_name_the_token_file() -> None:
    found = config.load({"VEDETTE_FEDERATED_TOKEN_FILE": "/var/run/token"})
    assert found.federated_token_file == Path("/var/run/token")


def test_the_operators_command_makes_a_pair_and_writes_nothing_over(tmp_path: Path) -> None:
    run = CliRunner()
    made = run.invoke(operator_command, ["certificate", "--out", str(tmp_path / "new"), "--days", "30"])
    assert made.exit_code == 0, made.output
    key, certificate = tmp_path / "new" / "vedette-key.pem", tmp_path / "new" / "vedette.cer"
    assert certificates.check(certificate.read_text(), key.read_text())
    assert key.stat().st_mode & 0o777 == 0o600
    again = run.invoke(operator_command, ["certificate", "--out", str(tmp_path / "new")])
    assert again.exit_code == 2
    assert "cannot be written" in again.output
