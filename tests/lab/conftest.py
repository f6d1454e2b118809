import base64
import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.support.lab import Lab, start_lab

REDIRECT = "http://127.0.0.1:9/signed-in"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture(scope="session")
def lab_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(lab_process: Lab) -> Lab:
    """The lab of this session, begun anew."""
    lab_process.post("/reset?phones=40")
    lab_process.client.cookies.clear()
    return lab_process


@pytest.fixture
def msal_session(lab: Lab) -> requests.Session:
    """A session for msal that trusts the lab's authority whatever the environment says."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(lab.ca_file)
    return session


@dataclass
class App:
    """An application registered in a tenant of the lab, and what it can do there."""

    lab: Lab
    tenant: dict[str, Any]
    client_id: str
    secret: str

    @property
    def tid(self) -> str:
        return str(self.tenant["id"])

    def consent(self, *permissions: str) -> None:
        self.lab.post(
            f"/tenants/{self.tid}/consents", {"client_id": self.client_id, "permissions": permissions}
        )

    def token_request(self, tenant: str | None = None, **form: str | None) -> httpx.Response:
        body = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": GRAPH_SCOPE,
            **form,
        }
        given = {name: value for name, value in body.items() if value is not None}
        return self.lab.client.post(f"/{tenant or self.tid}/oauth2/v2.0/token", data=given)

    def token(self) -> str:
        answer = self.token_request()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """Call Graph with a fresh token; a path that begins with https is used as it is."""
        headers = {"Authorization": f"Bearer {token or self.token()}", **more.pop("headers", {})}
        url = path if path.startswith(("https:", "/beta")) else f"/v1.0{path}"
        return self.lab.client.request(method, url, headers=headers, **more)

    def get(self, path: str, *, eventual: bool = False, **params: Any) -> Any:
        headers = {"ConsistencyLevel": "eventual"} if eventual else {}
        options = {f"${name}": value for name, value in params.items()} or None
        answer = self.call("GET", path, headers=headers, params=options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def authorize(self, tenant: str | None = None, **params: str | None) -> httpx.Response:
        return self.lab.client.get(
            f"/{tenant or self.tid}/oauth2/v2.0/authorize", params=self.sign_in_values(**params)
        )

    def sign_in_values(self, **params: str | None) -> dict[str, str]:
        values = {
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "the-state",
            "nonce": "the-nonce",
            **params,
        }
        return {name: value for name, value in values.items() if value is not None}

    def login(self, login: str, tenant: str | None = None, **params: str | None) -> httpx.Response:
        form = {**self.sign_in_values(**params), "login": login}
        return self.lab.client.post(f"/{tenant or self.tid}/login", data=form)


@pytest.fixture
def app(lab: Lab) -> App:
    """An application of Contoso with a secret and the permissions the product asks for; no consent yet."""
    tenant = lab.tenant()
    secret = secrets.token_urlsafe(20)
    wanted = ["GroupMember.Read.All", "User.Read.All", "Device.ReadWrite.All"]
    body = {"display_name": "Vedette", "redirect_uris": [REDIRECT], "secret": secret, "permissions": wanted}
    made = lab.post("/apps", {**body, "home_tenant": tenant["id"]})
    return App(lab, tenant, made["client_id"], secret)


@dataclass
class Certificate:
    """A self-signed certificate with its key."""

    key: rsa.RSAPrivateKey
    pem: str
    der: bytes

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def x5t_s256(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.der).digest()).rstrip(b"=").decode()


def make_certificate(days: int = 30) -> Certificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - dt.timedelta(days=60))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    der = made.public_bytes(serialization.Encoding.DER)
    return Certificate(key, made.public_bytes(serialization.Encoding.PEM).decode(), der)


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    return make_certificate()
