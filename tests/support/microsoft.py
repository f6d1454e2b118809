"""Microsoft's side in these tests: the running lab with an application of ours, and a browser on it."""

import datetime as dt
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import html
from tests.support.lab import Lab

PUBLIC = "http://127.0.0.1:8080"
PERMISSIONS = [
    "GroupMember.Read.All",
    "User.Read.All",
    "Device.Read.All",
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementApps.Read.All",
    "DeviceManagementConfiguration.Read.All",
    "Device.ReadWrite.All",
]


@dataclass
class Organisation:
    """An Entra tenant of the lab. People: global_administrator, full, restricted, none."""

    id: UUID
    people: dict[str, str]
    groups: dict[str, UUID]
    lab: Lab

    def oid(self, upn: str) -> str:
        accounts = self.lab.get(f"/tenants/{self.id}")["accounts"]
        return str(next(account["id"] for account in accounts if account["upn"] == upn))


@dataclass
class Microsoft:
    """The lab with our application registration."""

    lab: Lab
    client_id: str
    certificate: str
    key: str

    def organisation(self, name: str) -> Organisation:
        made = self.lab.post("/tenants", {"name": name, "domain": f"{name.lower()}.example"})
        groups = {kind: UUID(group) for kind, group in made["groups"].items()}
        return Organisation(UUID(made["id"]), made["accounts"], groups, self.lab)

    def change_app(self, **changes: Any) -> None:
        self.lab.patch(f"/apps/{self.client_id}", changes)

    def browser(self) -> "Browser":
        context = ssl.create_default_context(cafile=str(self.lab.ca_file))
        return Browser(httpx.Client(base_url=self.lab.url, verify=context, timeout=30, trust_env=False))


@dataclass
class Browser:
    """A person's browser on Microsoft's pages; returns where Microsoft sends it back to."""

    client: httpx.Client
    history: list[str] = field(default_factory=list)

    def sign_in(self, url: str, upn: str) -> str:
        page = self.client.get(url)
        return self._submit(page, "other", login=upn)

    def consent(self, url: str, decision: str = "accept") -> str:
        return self._submit(self.client.get(url), "consent", decision=decision)

    def accept(self, url: str, upn: str) -> str:
        """Follow a consent link that somebody handed over: sign in, then accept."""
        page = self.client.get(url)
        document: Any = html.document_fromstring(page.text)
        form = document.get_element_by_id("other")
        fields = {field.get("name"): field.get("value", "") for field in form.iterfind(".//input[@name]")}
        action = urljoin(str(page.url), form.get("action", ""))
        answer = self.client.post(action, data={**fields, "login": upn}, follow_redirects=True)
        return self._submit(answer, "consent", decision="accept")

    def _submit(self, page: httpx.Response, form_id: str, **values: str) -> str:
        document: Any = html.document_fromstring(page.text)
        form = document.get_element_by_id(form_id)
        fields = {
            field.get("name", ""): field.get("value", "")
            for field in form.iterfind(".//input")
            if field.get("name")
        }
        answer = self.client.post(urljoin(str(page.url), form.get("action", "")), data={**fields, **values})
        assert answer.is_redirect, answer.text
        location = answer.headers["location"]
        assert location.startswith(PUBLIC), location
        parts = urlsplit(location)
        return f"{parts.path}?{parts.query}"


def redirect_uris(public_url: str) -> list[str]:
    return [f"{public_url}/signin/callback", f"{public_url}/consent/callback"]


def register(lab: Lab) -> Microsoft:
    """Register our application, with a certificate made for it."""
    certificate, key = _certificate()
    made = lab.post(
        "/apps",
        {
            "display_name": "Vedette",
            "redirect_uris": redirect_uris(PUBLIC),
            "permissions": PERMISSIONS,
            "certificate_pem": certificate,
        },
    )
    return Microsoft(lab, made["client_id"], certificate, key)


def _certificate() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vedette tests")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()
