"""Application keys and their tokens: the dialects that clients speak, and everything that is refused."""

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.console import audit
from tests.support.risk_api import Program, Service, make_key, serving
from tests.support.world import ADA, World

from vedette.foundation import clock, database
from vedette.tenants import access_tokens, application_keys
from vedette.tenants.access_tokens import Token
from vedette.tenants.application_keys import Scope
from vedette.tenants.models import ApplicationKey, Tenant

GRANT = {"grant_type": "client_credentials"}


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


# How clients were seen to ask (reference/lookout.md 2.1), and how generic ones do (RFC 6749 section 2.3.1).
DIALECTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "form": lambda key: {"data": GRANT, "headers": bearer(key)},
    "query": lambda key: {"params": GRANT, "headers": bearer(key)},
    "sentinel": lambda key: {
        "data": {**GRANT, "client_id": "NA", "client_secret": "NA"},
        "headers": bearer(key),
    },
    "empty scope": lambda key: {"data": {**GRANT, "scope": ""}, "headers": bearer(key)},
    "scope of somebody else": lambda key: {"data": {**GRANT, "scope": "mra:all"}, "headers": bearer(key)},
    "secret in the body": lambda key: {"data": {**GRANT, "client_id": "x", "client_secret": key}},
    "basic": lambda key: {"data": GRANT, "headers": basic("x", key)},
    "json": lambda key: {"json": GRANT, "headers": bearer(key)},
    "bearer in lower case": lambda key: {"data": GRANT, "headers": {"Authorization": f"bearer {key}"}},
}


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth/token"])
def test_every_dialect_gets_a_token(service: Service, world: World, path: str) -> None:
    key = make_key(world).key
    for name, ask in DIALECTS.items():
        answer = service.client.post(service.url + path, **ask(key))
        assert answer.status_code == 200, (name, answer.text)
        body = answer.json()
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
        assert body["token_type"] == "Bearer"
        assert 7100 < body["expires_in"] <= 7200
        assert abs(body["expires_at"] / 1000 - time.time() - 7200) < 60
        assert set(body["scope"].split()) == {str(scope) for scope in Scope}
        assert ("refresh_token" in body) is (path == "/oauth/token")
        assert Program(service, key, body["access_token"]).get("/mra/api/v2/devices").status_code == 200


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no key": ({"data": GRANT}, 401, "invalid_client"),
    "a wrong key": ({"data": GRANT, "headers": bearer("vdk_00000000_" + "0" * 43)}, 401, "invalid_client"),
    "no key at all": ({"data": GRANT, "headers": bearer("eyJhbGciOi")}, 401, "invalid_client"),
    "no grant": ({"headers": bearer("x")}, 400, "invalid_request"),
    "another grant": ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
    "a wrong refresh token": (
        {"data": {"grant_type": "refresh_token", "refresh_token": "x"}},
        400,
        "invalid_grant",
    ),
    "no JSON": (
        {"content": "{", "headers": {"Content-Type": "application/json"}},
        400,
        "invalid_request",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_explained(service: Service, world: World, name: str) -> None:
    assert world
    sent, status, error = REFUSED[name]
    for path in ("/oauth2/token", "/oauth/token"):
        answer = service.client.post(service.url + path, **sent)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.json()["error_description"]
        assert answer.json()["request-id"]


def test_a_token_is_refreshed_without_the_key_until_the_key_is_revoked(
    service: Service, world: World
) -> None:
    issued = make_key(world)
    first = ask(service, "/oauth/token", GRANT, issued.key).json()
    given = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = ask(service, "/oauth/token", given)
    assert Program(service, "", second.json()["access_token"]).get("/mra/api/v2/devices").status_code == 200
    refused = service.client.get(service.url + "/mra/api/v2/devices", headers=bearer(first["refresh_token"]))
    assert refused.status_code == 401, "a refresh token opens nothing"
    with database.writer(world.tenant_id):
        assert application_keys.revoke(issued.row, ADA)
        assert not application_keys.revoke(issued.row, ADA)
    late = ask(service, "/oauth/token", given)
    assert (late.status_code, late.json()["errorCode"]) == (400, "REVOKED_REFRESH_TOKEN")


def ask(service: Service, path: str, data: dict[str, str], key: str = "") -> httpx.Response:
    return service.client.post(service.url + path, data=data, headers=bearer(key) if key else {})


def test_revoking_a_key_ends_its_tokens_at_once(program: Program, world: World) -> None:
    assert program.get("/mra/api/v2/devices").status_code == 200
    with database.writer(world.tenant_id):
        application_keys.revoke(ApplicationKey.objects.get(), ADA)
    answer = program.get("/mra/api/v2/devices")
    assert answer.status_code == 401
    assert "revoked" in answer.json()["error"]
    assert set(answer.json()) == {"error", "request-id"}
    assert [event.actor_name for event in audit(world, "application_key.revoked")] == [ADA.name]


def test_ending_the_tokens_leaves_the_key(program: Program, world: World) -> None:
    with database.writer(world.tenant_id):
        application_keys.end_tokens(ApplicationKey.objects.get(), ADA)
    assert program.get("/mra/api/v2/devices").status_code == 401
    again = Program(program.service, program.key)
    assert again.get("/mra/api/v2/devices").status_code == 200


def test_a_token_lives_no_longer_than_its_time_or_its_key(
    service: Service, world: World, move_clock: Callable[[float], None]
) -> None:
    issued = make_key(world, expires_at=clock.now() + timedelta(hours=1))
    answer = ask(service, "/oauth2/token", GRANT, issued.key).json()
    assert 3500 < answer["expires_in"] <= 3600
    over = Token(world.tenant_id, issued.row.id, 0, ("risk.read",), int(time.time()) - 1)
    late = Program(service, "", access_tokens.issue(over)).get("/mra/api/v2/devices")
    assert (late.status_code, late.json()["error"]) == (401, "The token has expired.")
    move_clock(3601)
    assert ask(service, "/oauth2/token", GRANT, issued.key).status_code == 401
    assert Program(service, "", answer["access_token"]).get("/mra/api/v2/devices").status_code == 401


@pytest.mark.parametrize(
    ("addresses", "allowed"),
    [
        ([], True),
        (["127.0.0.0/8"], True),
        (["::1", "127.0.0.1"], True),
        (["192.0.2.0/24", "2001:db8::/32"], False),
    ],
)
def test_the_list_of_addresses_is_held(
    service: Service, world: World, addresses: list[str], *, allowed: bool
) -> None:
    key = make_key(world, addresses=addresses).key
    answer = ask(service, "/oauth2/token", GRANT, key)
    assert (answer.status_code == 200) is allowed
    if not allowed:
        assert answer.status_code == 401
        assert "127.0.0.1" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8::1", True),
        ("", False),
        ("somewhere", False),
    ],
)
def test_an_address_is_in_a_network_or_not(address: str, *, allowed: bool) -> None:
    assert application_keys.allows(["192.0.2.0/24", "2001:db8::/32"], address) is allowed


def test_scopes_are_held(service: Service, world: World) -> None:
    reader = Program(service, make_key(world, Scope.EVENTS).key)
    assert reader.get("/mra/api/v2/events").status_code == 200
    refused = reader.get("/mra/api/v2/devices")
    assert refused.status_code == 403
    assert "risk.read" in refused.json()["error"]
    both = make_key(world, Scope.EVENTS, Scope.RISK).key
    narrow = ask(service, "/oauth2/token", {**GRANT, "scope": "risk.read"}, both).json()
    assert narrow["scope"] == "risk.read"
    assert Program(service, "", narrow["access_token"]).get("/mra/api/v2/events").status_code == 403
    assert ask(service, "/oauth2/token", {**GRANT, "scope": "feeds.write"}, both).json()["error"] == (
        "invalid_scope"
    )


def test_a_disconnected_tenant_reads_nothing(program: Program, world: World) -> None:
    with database.tenant(world.tenant_id):
        Tenant.objects.update(status=Tenant.Status.DISCONNECTED)
    assert program.get("/mra/api/v2/devices").status_code == 401
    assert ask(program.service, "/oauth2/token", GRANT, program.key).status_code == 401


def test_use_is_noted(program: Program, world: World) -> None:
    program.get("/mra/api/v2/devices")
    with database.tenant(world.tenant_id):
        row = ApplicationKey.objects.get()
    assert row.last_used_at
    assert row.last_used_from == "127.0.0.1"
    assert program.key not in str(vars(row))


def test_who_asks_too_often_hears_when_to_come_back(db: Any, world: World) -> None:
    with serving(db.login_url, requests_per_minute=3) as service:
        program, other = (Program(service, make_key(world).key) for _ in range(2))
        answers = [program.get("/mra/api/v2/devices") for _ in range(5)]
        assert [answer.status_code for answer in answers][:3] == [200] * 3
        assert answers[-1].status_code == 429
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
        assert set(answers[-1].json()) == {"error", "request-id"}
        assert other.get("/mra/api/v2/devices").status_code == 200, "each key counts for itself"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/oauth2/token", 405),
        ("POST", "/mra/api/v2/devices", 405),
        ("GET", "/mra/api/v2/nothing", 404),
        ("GET", "/mra/", 404),
        ("GET", "/mra/api/v2/devices", 401),
    ],
)
def test_other_addresses_and_methods(service: Service, method: str, path: str, status: int) -> None:
    answer = service.client.request(method, service.url + path)
    assert answer.status_code == status
    assert answer.json()["request-id"]
    assert (answer.headers.get("www-authenticate") is not None) is (status == 401)
