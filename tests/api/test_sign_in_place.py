"""Where to sign in, asked by anybody: seldom by each, few at once, and of Microsoft once for a domain."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.api.answers import problem
from tests.api.conftest import Service
from tests.support.world import World

from vedette.api.device import sign_in
from vedette.foundation.rates import Buckets
from vedette.tenants import entrance, phone_sign_in
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.openid.tokens import TokenRefusedError
from vedette_facts.protocol import SIGN_IN_PATH

LOGIN = "https://login.example"


def ask(service: Service) -> Any:
    return service.client.get(service.url + SIGN_IN_PATH, params={"organisation": "nobody"})


def test_one_address_asks_so_often_and_no_more(world: World, service: Service) -> None:
    assert world
    service.app._sign_in._callers = Buckets(1 / 3600, 2)
    problem(ask(service), 404, "unknown_organisation")
    problem(ask(service), 404, "unknown_organisation")
    answer = ask(service)
    problem(answer, 429, "busy")
    assert int(answer.headers["retry-after"]) > 0


def test_so_many_at_once_and_no_more(world: World, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world
    monkeypatch.setattr(sign_in, "MOST_AT_ONCE", 0)
    problem(ask(service), 429, "busy")
    monkeypatch.setattr(sign_in, "MOST_AT_ONCE", 1)
    problem(ask(service), 404, "unknown_organisation")
    problem(ask(service), 404, "unknown_organisation")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses of metadata that were fetched; the one of nobody.example is not there."""
    fetched: list[str] = []

    def fetch(url: str) -> Mapping[str, Any]:
        fetched.append(url)
        if "nobody" in url:
            raise ProviderError
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
        return {"issuer": f"{LOGIN}/the-tenant/v2.0", **{name: f"{LOGIN}/{name}" for name in names}}

    monkeypatch.setattr(entrance, "fetch_json", fetch)
    entrance.forget()
    yield fetched
    entrance.forget()


def test_a_token_nested_beyond_all_reading_is_refused() -> None:
    body = urlsafe_b64encode(b"[" * 20_000).decode()
    with pytest.raises(TokenRefusedError):
        phone_sign_in.believe(f"x.{body}.x", "key")


def test_microsoft_is_asked_once_about_a_domain(asked: list[str]) -> None:
    for _ in range(2):
        assert entrance._tenant_of_domain(LOGIN, "there.example") == "the-tenant"
        assert entrance._tenant_of_domain(LOGIN, "nobody.example") == ""
    assert len(asked) == 2


def test_domains_are_remembered_in_bounds(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrance, "MOST_DOMAINS", 2)
    for domain in ("a.example", "b.example", "c.example", "a.example"):
        entrance._tenant_of_domain(LOGIN, domain)
    assert len(asked) == 4
    assert len(entrance._domains) == 2
