"""A lab, an application in it, and the pages of the accounts on a real database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from tests.support.database import Database
from tests.support.lab import start_lab
from tests.support.microsoft import PUBLIC, Browser, Microsoft, Organisation, register

from vedette.events.models import Event
from vedette.foundation import config, database
from vedette.tenants import accounts, entrance
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.openid.provider import provider

SETTINGS = {
    "ROOT_URLCONF": "tests.tenants.site",
    "STORAGES": {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    "ALLOWED_HOSTS": ["127.0.0.1"],
}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsoft]:
    """The lab of this run; tests take `microsoft`, which also points the pages at it."""
    with start_lab(tmp_path_factory.mktemp("lab"), phones=10) as lab:
        yield register(lab)


@pytest.fixture
def microsoft(db: Database, cloud: Microsoft, tmp_path: Path) -> Iterator[Microsoft]:
    """Pages on an empty database with the lab as their Microsoft; both are put back after the test."""
    assert db.name
    environment = {
        "VEDETTE_PUBLIC_URL": PUBLIC,
        "VEDETTE_LOGIN_URL": cloud.lab.url,
        "VEDETTE_GRAPH_URL": cloud.lab.url,
        "VEDETTE_CA_FILE": str(cloud.lab.ca_file),
        "VEDETTE_CLIENT_ID": cloud.client_id,
        "VEDETTE_CLIENT_CERTIFICATE": cloud.certificate,
        "VEDETTE_CLIENT_KEY": cloud.key,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        forget()
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": cloud.lab.smtp_port}
        with override_settings(**SETTINGS, **mail, PUBLIC_URL=PUBLIC, STATIC_ROOT=tmp_path):
            yield cloud
    forget()
    cloud.lab.delete("/faults")
    cloud.lab.delete("/mail")
    cloud.lab.post("/switches", {"consent_delay_seconds": 0.0})
    cloud.change_app(omit_wids=False, group_claims="DirectoryRole")


def forget() -> None:
    """Read settings, metadata and keys anew."""
    config.current.cache_clear()
    provider.cache_clear()
    entrance.forget()


@pytest.fixture
def organisation(microsoft: Microsoft) -> Organisation:
    return microsoft.organisation(f"Org{uuid4().hex[:10]}")


@pytest.fixture
def stranger(microsoft: Microsoft) -> Organisation:
    """Another organisation."""
    return microsoft.organisation(f"Other{uuid4().hex[:10]}")


@dataclass
class Person:
    """Somebody with two browsers' worth of cookies: on our pages and on Microsoft's."""

    upn: str
    entra: Browser
    pages: Client = field(default_factory=lambda: Client(HTTP_HOST="127.0.0.1:8080"))

    def get(self, path: str, **headers: Any) -> HttpResponse:
        return cast("HttpResponse", self.pages.get(path, **headers))

    def start(self, *, consent: bool = False, next_path: str = "") -> str:
        """Begin at our page and sign in at Microsoft; returns the way back to us."""
        query = {"purpose": "consent"} if consent else {"next": next_path}
        return self.entra.sign_in(self.pages.get("/signin/start", query)["Location"], self.upn)

    def sign_in(self, *, next_path: str = "") -> HttpResponse:
        return self.get(self.start(next_path=next_path))

    def to_consent(self) -> HttpResponse:
        """Begin the first sign-in up to our answer: Microsoft's consent page or a refusal."""
        return self.get(self.start(consent=True))

    def consent(self, decision: str = "accept") -> HttpResponse:
        """Give consent and come back to us, where the waiting page begins."""
        answer = self.to_consent()
        assert answer.status_code == 302, answer.content.decode()
        return self.get(self.entra.consent(answer["Location"], decision))

    def onboard(self) -> HttpResponse:
        """Give consent and look once whether it counts."""
        assert self.consent()["Location"] == "/consent/progress"
        return self.get("/consent/progress")


@pytest.fixture
def someone(microsoft: Microsoft) -> Callable[[str], Person]:
    return lambda upn: Person(upn, microsoft.browser())


def draft(organisation: Organisation, **changes: Any) -> accounts.Draft:
    values: dict[str, Any] = {
        "name": "Fabrikam",
        "entra_tenant_id": organisation.id,
        "full_group_id": organisation.groups["full"],
        "restricted_group_id": organisation.groups["restricted"],
        "primary_contact": organisation.people["global_administrator"],
        "language": "en",
    }
    return accounts.Draft(**{**values, **changes})


@pytest.fixture
def account(organisation: Organisation) -> Tenant:
    """An account that waits for consent."""
    return accounts.create(draft(organisation))


@pytest.fixture
def connected(
    organisation: Organisation, account: Tenant, someone: Callable[[str], Person]
) -> Callable[[], Tenant]:
    """Give consent by walking the pages; returns the account."""

    def walk() -> Tenant:
        landed = someone(organisation.people["global_administrator"]).onboard()
        assert landed["Location"] == "/dashboard/", landed.content.decode()
        return fresh(account)

    return walk


def fresh(tenant: Tenant) -> Tenant:
    with database.tenant(tenant.id):
        return Tenant.objects.get(id=tenant.id)


def administrators(tenant: Tenant) -> list[Administrator]:
    with database.tenant(tenant.id):
        return list(Administrator.objects.order_by("first_sign_in_at"))


def actions(tenant_id: UUID) -> list[str]:
    with database.tenant(tenant_id):
        return list(Event.objects.order_by("position").values_list("action", flat=True))


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())
