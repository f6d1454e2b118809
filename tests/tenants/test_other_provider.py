"""Sign-in against an OpenID provider that we did not write: npm oidc-provider, certified by the OpenID Foundation.

It judges what our lab might let pass: the request, PKCE, the client's assertion, the use of the code. Only its
address is a setting, as for another cloud; the checks of issuer and tenant are those of every installation.
"""

import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography import x509
from joserfc.jwk import RSAKey
from lxml import html
from tests.support.http_server import certificate_for, client_certificate
from tests.support.lab import free_ports
from tests.support.microsoft import PUBLIC

from vedette.foundation import config
from vedette.foundation.registration import CERTIFICATE, SECRET, Registration
from vedette.tenants.openid import client
from vedette.tenants.openid.client import ExchangeError
from vedette.tenants.openid.provider import provider
from vedette.tenants.openid.tokens import Person, TokenRefusedError
from vedette.web import assets

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("openid_provider.mjs")
START_SECONDS = 30
SHARED_SECRET = "a secret of tests, long enough for this provider"
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"


@dataclass
class Neighbour:
    """The running provider: where it is, which tenant it speaks for, whom it knows."""

    url: str
    tenant: UUID
    ca_file: Path
    certificate: Path
    key: Path
    with_certificate: str
    with_secret: str
    people: dict[str, dict[str, Any]]

    def browser(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        return httpx.Client(verify=context, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbour]:
    """Start the provider. It comes with `make assets`, as the style sheets do."""
    if not (ROOT / "node_modules/oidc-provider").is_dir():
        assets.run_npm(ROOT)
    home = tmp_path_factory.mktemp("provider")
    made = arrange(home)
    node = shutil.which("node") or assets.npm_command()[0]
    with (home / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [node, str(SCRIPT), str(home / "settings.json")],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={"NODE_NO_WARNINGS": "1"},
        )
    try:
        wait_for(process, home / "provider.log")
        yield made
    finally:
        process.kill()
        process.wait()


def arrange(home: Path) -> Neighbour:
    """Write the provider's settings: two registrations of ours, and the people it knows."""
    server, server_key = certificate_for(home)
    certificate, key = client_certificate(home)
    tenant, (port,) = uuid4(), free_ports(1)
    made = Neighbour(
        url=f"https://127.0.0.1:{port}",
        tenant=tenant,
        ca_file=server,
        certificate=certificate,
        key=key,
        with_certificate=str(uuid4()),
        with_secret=str(uuid4()),
        people={
            "ada": {
                "tid": str(tenant),
                "oid": str(uuid4()),
                "name": "Ada Nyström",
                "preferred_username": "ada@neighbour.example",
                "email": "ada.nystrom@neighbour.example",
                "wids": [GLOBAL],
            },
            "mallory": {"tid": str(uuid4()), "oid": str(uuid4()), "name": "Mallory"},
        },
    )
    public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    jwk = RSAKey.import_key(public).as_dict(private=False)  # type: ignore[arg-type] # client_certificate makes RSA keys
    common = {"redirect_uris": [f"{PUBLIC}/signin/callback"], "grant_types": ["authorization_code"]}
    settings = {
        "issuer": f"{made.url}/{tenant}/v2.0",
        "certificate": str(server),
        "key": str(server_key),
        "keys": [
            RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "one"}).as_dict(private=True)
        ],
        "people": made.people,
        "clients": [
            {
                **common,
                "client_id": made.with_certificate,
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_signing_alg": "PS256",
                "jwks": {"keys": [jwk]},
            },
            {
                **common,
                "client_id": made.with_secret,
                "client_secret": SHARED_SECRET,
                "token_endpoint_auth_method": "client_secret_post",
            },
        ],
    }
    (home / "settings.json").write_text(json.dumps(settings))
    return made


def wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "listening" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@pytest.fixture
def configured(neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch) -> Iterator[Neighbour]:
    """Our side, told to believe that address."""
    monkeypatch.setenv("VEDETTE_PUBLIC_URL", PUBLIC)
    monkeypatch.setenv("VEDETTE_LOGIN_URL", neighbour.url)
    monkeypatch.setenv("VEDETTE_CA_FILE", str(neighbour.ca_file))
    forget()
    yield neighbour
    monkeypatch.undo()
    forget()


def forget() -> None:
    config.current.cache_clear()
    provider.cache_clear()


def by_certificate(neighbour: Neighbour) -> Registration:
    return Registration(
        client_id=neighbour.with_certificate,
        login_url=neighbour.url,
        graph_url=neighbour.url,
        kind=CERTIFICATE,
        certificate=neighbour.certificate.read_text(),
        key=neighbour.key.read_text(),
    )


def by_secret(neighbour: Neighbour, secret: str = SHARED_SECRET) -> Registration:
    return Registration(
        client_id=neighbour.with_secret,
        login_url=neighbour.url,
        graph_url=neighbour.url,
        kind=SECRET,
        secret=secret,
    )


@dataclass
class Visit:
    """A sign-in under way: our side's two calls, with the provider's pages between them."""

    neighbour: Neighbour
    used: Registration

    def __post_init__(self) -> None:
        self.provider = provider(str(self.neighbour.tenant), self.used.login_url)
        self.url, self.attempt = client.begin(self.provider, self.used, purpose="sign_in", next_path="/")

    def sign_in(self, who: str = "ada") -> dict[str, str]:
        return sign_in(self.neighbour, self.url, who)

    def finish(self, code: str, **changes: Any) -> Person:
        return client.finish(self.provider, self.used, replace(self.attempt, **changes), code)


def sign_in(neighbour: Neighbour, url: str, who: str = "ada") -> dict[str, str]:
    """Walk the provider's own pages as a person does; returns what it hands back to our page."""
    with neighbour.browser() as browser:
        page = browser.get(url)
        for _ in range(20):
            if page.is_redirect:
                location = urljoin(str(page.url), page.headers["location"])
                if location.startswith(PUBLIC):
                    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
                page = browser.get(location)
                continue
            assert page.status_code == 200, page.text
            document: Any = html.document_fromstring(page.text)
            form = document.forms[0]
            values = {
                **dict(form.form_values()),
                **({"login": who, "password": "x"} if "login" in form.fields else {}),
            }
            page = browser.post(urljoin(str(page.url), form.action), data=values)
    raise AssertionError("the provider did not send us back")


@pytest.mark.parametrize("registered", [by_certificate, by_secret], ids=["certificate", "secret"])
def test_a_person_signs_in(configured: Neighbour, registered: Callable[[Neighbour], Registration]) -> None:
    visit = Visit(configured, registered(configured))
    back = visit.sign_in()
    assert back["state"] == visit.attempt.state
    person = visit.finish(back["code"])
    ada = configured.people["ada"]
    assert (str(person.tid), str(person.oid)) == (ada["tid"], ada["oid"])
    assert (person.upn, person.name) == (ada["preferred_username"], "Ada Nyström")
    assert person.email == ada["email"]
    assert person.wids == frozenset({GLOBAL})


def test_a_code_buys_one_token_and_only_with_its_verifier(configured: Neighbour) -> None:
    visit = Visit(configured, by_certificate(configured))
    code = visit.sign_in()["code"]
    with pytest.raises(ExchangeError, match="invalid_grant"):
        visit.finish(code, verifier="another-verifier-of-forty-three-letters-or-more")
    visit = Visit(configured, by_certificate(configured))
    code = visit.sign_in()["code"]
    visit.finish(code)
    with pytest.raises(ExchangeError, match="invalid_grant"):
        visit.finish(code)


def test_the_token_of_another_sign_in_is_not_believed(configured: Neighbour) -> None:
    visit = Visit(configured, by_certificate(configured))
    with pytest.raises(TokenRefusedError) as refused:
        visit.finish(visit.sign_in()["code"], nonce="of another sign-in")
    assert refused.value.code == "nonce"


def test_a_provider_speaks_for_its_own_tenant_only(configured: Neighbour) -> None:
    """Its people may claim any `tid`; the issuer must be the one of that tenant."""
    visit = Visit(configured, by_certificate(configured))
    with pytest.raises(TokenRefusedError) as refused:
        visit.finish(visit.sign_in("mallory")["code"])
    assert refused.value.code == "issuer"


def test_a_wrong_credential_is_refused(configured: Neighbour) -> None:
    visit = Visit(configured, by_secret(configured, "not the secret"))
    with pytest.raises(ExchangeError, match="invalid_client"):
        visit.finish(visit.sign_in()["code"])


def test_the_provider_itself_insists_on_pkce(configured: Neighbour) -> None:
    """Or the tests above would show nothing of it."""
    parts = urlsplit(Visit(configured, by_certificate(configured)).url)
    values = {name: value for name, [value] in parse_qs(parts.query).items()}
    without = {name: value for name, value in values.items() if not name.startswith("code_challenge")}
    with configured.browser() as browser:
        answer = browser.get(parts._replace(query=urlencode(without)).geturl())
    assert "error=invalid_request" in answer.headers["location"]
