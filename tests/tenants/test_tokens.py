"""The table of id_tokens that prove nothing (reference/microsoft.md 3.3), with real keys and signatures."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from vedette.tenants.openid.provider import KEEP_SECONDS, REFRESH_PAUSE_SECONDS, Provider, ProviderError
from vedette.tenants.openid.tokens import CONSUMERS, Expected, Person, TokenRefusedError, validate

LOGIN = "https://login.example"
CLIENT = "5a1d3e0c-33f1-4f6e-8a59-0f5d3f0f9a01"
TID = "a3b1f0de-6c5b-4a4e-9f5e-0d6a3b6f1c22"
OTHER = "0f0f0f0f-1111-4222-8333-444455556666"
OID = "7d0c5c1e-0b53-4f1d-a8f0-1f9d5b2c3d44"
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
TEMPLATE = f"{LOGIN}/{{tenantid}}/v2.0"

KEY = RSAKey.generate_key(2048, {"kid": "one"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one"})


def published(key: RSAKey = KEY, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "one", "use": "sig", "issuer": TEMPLATE, **more}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made: dict[str, Any] = {
        "iss": f"{LOGIN}/{TID}/v2.0",
        "aud": CLIENT,
        "tid": TID,
        "oid": OID,
        "sub": "pairwise",
        "nonce": "n-1",
        "ver": "2.0",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "name": "Grace Nyström",
        "preferred_username": "grace@fabrikam.example",
        "email": "grace@fabrikam.example",
        "wids": [GLOBAL.upper()],
    }
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def token(changes: dict[str, Any] | None = None, *, key: RSAKey = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one", **header}, claims(**(changes or {})), key)


def check(raw: str, *, key: dict[str, Any] | None = None, issuer: str = TEMPLATE) -> Person:
    keys = {"one": key or published()}
    expected = Expected(client_id=CLIENT, nonce="n-1", issuer=issuer)
    return validate(raw, key_of=keys.get, expected=expected, now=time.time())


def part(value: dict[str, Any]) -> str:
    return encoded(json.dumps(value).encode())


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned() -> str:
    return f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims())}."


def with_public_key_as_secret() -> str:
    """Sign with HS256 and the public key as the secret: what a verifier that trusts `alg` falls for."""
    text = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims())}"
    return f"{text}.{encoded(hmac.digest(KEY.as_pem(private=False), text.encode(), 'sha256'))}"


def test_a_good_token_names_the_person() -> None:
    person = check(token())
    assert (person.tid, person.oid) == (UUID(TID), UUID(OID))
    assert (person.upn, person.name) == ("grace@fabrikam.example", "Grace Nyström")
    assert person.wids == frozenset({GLOBAL})


def test_a_token_without_role_claims_is_told_from_one_with_an_empty_list() -> None:
    assert check(token({"wids": None})).wids is None
    assert check(token({"wids": []})).wids == frozenset()


def test_the_exact_issuer_of_a_single_tenant_is_accepted() -> None:
    exact = f"{LOGIN}/{TID}/v2.0"
    assert check(token(), key=published(issuer=exact), issuer=exact).tid == UUID(TID)


def test_an_authority_of_one_tenant_speaks_for_no_other() -> None:
    exact = f"{LOGIN}/{TID}/v2.0"
    with pytest.raises(TokenRefusedError) as refused:
        check(token({"tid": OTHER}), key=published(issuer=exact), issuer=exact)
    assert refused.value.code == "issuer"


def later(seconds: int) -> int:
    return int(time.time()) + seconds


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("issuer", lambda: token({"iss": f"https://evil.example/{TID}/v2.0"})),
        ("issuer", lambda: token({"iss": f"{LOGIN}/{OTHER}/v2.0"})),
        ("issuer", lambda: token({"tid": OTHER})),
        ("issuer", lambda: token({"iss": TEMPLATE})),
        ("issuer", lambda: token({"iss": None})),
        ("audience", lambda: token({"aud": OTHER})),
        ("audience", lambda: token({"aud": [CLIENT, OTHER]})),
        ("audience", lambda: token({"aud": None})),
        ("nonce", lambda: token({"nonce": "n-2"})),
        ("nonce", lambda: token({"nonce": None})),
        ("version", lambda: token({"ver": "1.0"})),
        ("expired", lambda: token({"exp": later(-400)})),
        ("future", lambda: token({"nbf": later(400)})),
        ("future", lambda: token({"iat": later(400)})),
        ("malformed", lambda: token({"exp": None})),
        ("malformed", lambda: token({"exp": "soon"})),
        ("malformed", lambda: token({"exp": True})),
        ("malformed", lambda: token({"tid": "not-a-guid"})),
        ("malformed", lambda: token({"oid": None})),
        ("malformed", lambda: "no token at all"),
        ("malformed", lambda: "é.é.é"),
        ("malformed", lambda: ""),
        ("algorithm", unsigned),
        ("algorithm", with_public_key_as_secret),
        ("unknown_key", lambda: token(kid="two")),
        ("unknown_key", lambda: jwt.encode({"alg": "RS256"}, claims(), KEY)),
        ("signature", lambda: token(key=STRANGER)),
        ("signature", lambda: token()[:-8] + "AAAAAAAA"),
        ("consumer", lambda: token({"tid": str(CONSUMERS), "iss": f"{LOGIN}/{CONSUMERS}/v2.0"})),
    ],
)
def test_what_proves_nothing_is_refused(code: str, make: Callable[[], str]) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        check(make())
    assert refused.value.code == code


def test_within_five_minutes_clocks_may_differ() -> None:
    assert check(token({"exp": int(time.time()) - 200, "nbf": int(time.time()) + 200})).oid == UUID(OID)


@pytest.mark.parametrize("key_issuer", [f"{LOGIN}/{OTHER}/v2.0", "https://sts.windows.net/{tenantid}/"])
def test_a_key_of_another_issuer_signs_nothing_here(key_issuer: str) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        check(token(), key=published(issuer=key_issuer))
    assert refused.value.code == "key_issuer"


def test_under_organizations_a_key_must_say_whose_it_is() -> None:
    with pytest.raises(TokenRefusedError) as refused:
        check(token(), key={name: value for name, value in published().items() if name != "issuer"})
    assert refused.value.code == "key_issuer"


class Entra:
    """Published documents, a clock, and how often the keys were asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.kids = ["one"]
        self.reads = 0
        self.document = {
            "issuer": TEMPLATE,
            "authorization_endpoint": f"{LOGIN}/organizations/oauth2/v2.0/authorize",
            "token_endpoint": f"{LOGIN}/organizations/oauth2/v2.0/token",
            "jwks_uri": f"{LOGIN}/organizations/discovery/v2.0/keys",
            "end_session_endpoint": f"{LOGIN}/organizations/oauth2/v2.0/logout",
        }

    def fetch(self, url: str) -> dict[str, Any]:
        if url.endswith("openid-configuration"):
            return dict(self.document)
        self.reads += 1
        return {"keys": [{"kid": kid, "kty": "RSA", "use": "sig"} for kid in self.kids]}

    def provider(self) -> Provider:
        return Provider(LOGIN, "organizations", self.fetch, clock=lambda: self.now)


def test_keys_are_kept_and_a_new_one_is_found_without_delay() -> None:
    entra = Entra()
    provider = entra.provider()
    assert provider.key("one")
    assert provider.key("one")
    assert entra.reads == 1
    entra.kids, entra.now = ["one", "two"], entra.now + REFRESH_PAUSE_SECONDS
    assert provider.key("two")
    assert entra.reads == 2


def test_invented_key_names_do_not_make_us_ask_again_and_again() -> None:
    entra = Entra()
    provider = entra.provider()
    assert not any(provider.key(f"invented-{number}") for number in range(50))
    assert entra.reads == 1
    entra.now += REFRESH_PAUSE_SECONDS
    assert provider.key("invented") is None
    assert entra.reads == 2


def test_keys_are_read_again_once_a_day_so_that_a_withdrawn_one_is_forgotten() -> None:
    entra = Entra()
    provider = entra.provider()
    assert provider.key("one")
    entra.kids, entra.now = ["two"], entra.now + KEEP_SECONDS
    assert provider.key("one") is None


@pytest.mark.parametrize("member", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
def test_a_discovery_document_cannot_send_us_to_another_host(member: str) -> None:
    entra = Entra()
    entra.document[member] = "https://evil.example/keys"
    with pytest.raises(ProviderError):
        entra.provider().metadata()


def test_a_discovery_document_that_lacks_something_is_an_error() -> None:
    entra = Entra()
    del entra.document["jwks_uri"]
    with pytest.raises(ProviderError):
        entra.provider().key("one")
