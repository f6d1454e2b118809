"""Who may ask what: keys by scope, sessions by the matrix and from their own origin, strangers nothing at all."""

import datetime as dt
import uuid
from typing import Any

import httpx
import pytest
from django.conf import settings
from tests.api.native.conftest import Places
from tests.support.console import COOKIE, Member, sign_in
from tests.support.database import Database
from tests.support.native_api import PREFIX, Program, Service, program, serving
from tests.support.risk_api import make_key
from tests.support.world import ADA, World, make_world

from vedette.api.native.route import Route
from vedette.api.native.table import ROUTES
from vedette.devices.models import Device
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.tenants import application_keys, matrix
from vedette.tenants.application_keys import SCOPES, Scope
from vedette.tenants.models import ApplicationKey
from vedette.threats.models import Threat

BODIES: dict[str, Any] = {
    "deactivateDevice": {"reason": "sold"},
    "releaseDevice": {"hours": 1, "reason": "needs the train ticket"},
    "ignoreThreat": {"reason": "our own tool"},
    "resolveThreat": {"reason": "deleted by hand"},
    "comparePolicy": {},
    "applyPolicy": {},
    "addApp": {"action": "allow", "subject": "package", "value": "com.example.ours"},
    "addRule": {"name": "No calls", "all_of": ["read_sms"]},
    "sparePerson": {"person": "bo@example.test"},
    "invite": {"person": "bo@example.test"},
    "checkLinks": {"links": ["https://example.org/"]},
}
QUERIES: dict[str, dict[str, Any]] = {
    "applyPolicy": {"most_threats": 0, "most_devices": 0},
    "uploadScan": {"file_name": "x.zip"},
}
FILES = {"uploadScan": b"PK"}


def name_of(route: Route) -> str:
    return route.name


def path_of(route: Route, places: Places) -> str:
    return route.path.format(**{name: places[name] for name in route.names})


def ask(program: Program, route: Route, places: Places, **more: Any) -> httpx.Response:
    headers = {"If-Match": "*"} if route.match_needed else {}
    if route.name in FILES:
        more["content"] = FILES[route.name]
    return program.ask(
        route.method, path_of(route, places), BODIES.get(route.name), params=QUERIES.get(route.name, {}),
        headers=headers | more.pop("headers", {}), **more,
    )  # fmt: skip


def test_what_another_tenant_has_is_not_there(stranger: Program, world: World, places: Places) -> None:
    def rows() -> Any:
        with database.tenant(world.tenant_id):
            return list(Device.objects.values()), list(Threat.objects.values()), Event.objects.count()

    before = rows()
    for route in ROUTES:
        answer = ask(stranger, route, places)
        if route.names:
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), route.name
    assert rows() == before


def test_lists_of_a_stranger_are_empty(stranger: Program, places: Places) -> None:
    for route in ROUTES:
        if route.reads and not route.names and route.name != "listGroups":
            text = ask(stranger, route, places).text
            assert not [place for place in places.values() if place in text], route.name
    assert places["group_id"] not in stranger.get("/groups").text


def test_a_key_needs_the_scope_of_the_route(service: Service, world: World, places: Places) -> None:
    service.entra.knows("bo@example.test", "bo@example.test")
    for scope in {route.scope for route in ROUTES}:
        lacking = program(service, world, *(other for other in Scope if other != scope))
        alone = program(service, world, scope)
        for route in sorted((route for route in ROUTES if route.scope == scope), key=name_of):
            answer = ask(lacking, route, places)
            assert (answer.status_code, answer.json()["code"]) == (403, "scope"), route.name
            assert answer.json()["scope"] == route.scope
            # one thing done may leave nothing to do for the next
            assert ask(alone, route, places).status_code in {200, 201, 202, 204, 404, 409}, route.name


def test_every_scope_opens_something_and_has_words() -> None:
    ours = {route.scope for route in ROUTES}
    assert set(SCOPES) == set(Scope)
    assert ours <= set(Scope)


def test_nobody_gets_nothing(service: Service, places: Places) -> None:
    origin = {"Origin": settings.PUBLIC_URL}
    credentials: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic dTpw"},
        {"Cookie": f"{COOKIE}=nonsense"},
    ]
    for number, route in enumerate(ROUTES):
        url = f"{service.url}{PREFIX}{path_of(route, places)}"
        given = credentials[number % len(credentials)]
        answer = service.client.request(route.method, url, headers=given | origin)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (route.name, given)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_that_is_revoked_or_of_another_address_is_refused(service: Service, world: World) -> None:
    issued = make_key(world)
    with database.writer(world.tenant_id):
        application_keys.revoke(ApplicationKey.objects.get(id=issued.row.id), ADA)
    assert Program(service, issued.key).get("/devices").status_code == 401
    elsewhere = make_key(world, addresses=["192.0.2.0/24"])
    answer = Program(service, elsewhere.key).get("/devices")
    assert (answer.status_code, answer.json()["code"]) == (403, "address")


def test_the_token_of_a_key_is_as_good_as_the_key(service: Service, world: World) -> None:
    from vedette.tenants import access_tokens  # noqa: PLC0415 needs Django

    row = make_key(world, Scope.DEVICES_READ).row
    token = access_tokens.Token(
        world.tenant_id, row.id, 0, (str(Scope.DEVICES_READ),), access_tokens.expiry("access")
    )
    caller = Program(service, access_tokens.issue(token))
    assert caller.get("/devices").status_code == 200
    assert caller.get("/threats").json()["scope"] == "threats.read"


# -- sessions of the console -----------------------------------------------------------------------------


def as_member(
    service: Service, member: Member, route: Route, places: Places, **headers: str
) -> httpx.Response:
    return service.client.request(
        route.method,
        f"{service.url}{PREFIX}{path_of(route, places)}",
        headers={"Cookie": f"{COOKIE}={member.session_key}", "If-Match": "*"} | headers,
        params=QUERIES.get(route.name, {}),
        json=BODIES.get(route.name),
        content=FILES.get(route.name),
    )


def test_a_session_may_what_the_matrix_says(service: Service, world: World, places: Places) -> None:
    service.entra.knows("bo@example.test", "bo@example.test")
    ours = {"Origin": settings.PUBLIC_URL}
    restricted, full = sign_in(world, "restricted"), sign_in(world, "full")
    for route in ROUTES:
        answer = as_member(service, restricted, route, places, **ours)
        if matrix.allows("restricted", route.module, route.right):
            assert answer.status_code in {200, 201, 202, 204, 404, 409}, route.name
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "access"), route.name
        assert as_member(service, full, route, places, **ours).status_code not in {401, 403, 422}, route.name


ELSEWHERE: list[dict[str, str]] = [
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": settings.PUBLIC_URL, "Sec-Fetch-Site": "cross-site"},
]


def test_a_session_acts_only_from_the_consoles_own_pages(
    service: Service, world: World, places: Places
) -> None:
    member = sign_in(world, "full")
    for number, route in enumerate(ROUTES):
        if not route.reads:
            headers = ELSEWHERE[number % len(ELSEWHERE)]
            answer = as_member(service, member, route, places, **headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), route.name
    (looking,) = [route for route in ROUTES if route.name == "listDevices"]
    for headers in ELSEWHERE:
        assert as_member(service, member, looking, places, **headers).status_code == 200


def test_a_restricted_session_sees_its_own_audit_trail_alone(
    service: Service, world: World, places: Places
) -> None:
    (listing,) = [route for route in ROUTES if route.name == "listEvents"]
    member = sign_in(world, "restricted")
    items = as_member(service, member, listing, places).json()["items"]
    seen = {item["actor"]["id"] for item in items if item["type"] == "AUDIT"}
    assert seen == {str(member.administrator.id)}
    assert {item["type"] for item in items} == {"AUDIT", "DEVICE", "THREAT"}


def test_who_is_no_longer_there_is_signed_out(service: Service, world: World, places: Places) -> None:
    (listing,) = [route for route in ROUTES if route.name == "listDevices"]
    member = sign_in(world, "full")
    with database.writer(world.tenant_id):
        member.administrator.delete()
    answer = as_member(service, member, listing, places)
    assert (answer.status_code, answer.json()["next_step"]) == (401, "Sign in to the console again.")


def test_access_that_is_no_longer_confirmed_ends_the_session(
    service: Service, world: World, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the console's pages (A5): asked again after a quarter of an hour, good for an hour at most."""
    from vedette.foundation.graph import GraphError  # noqa: PLC0415 needs Django
    from vedette.tenants import membership  # noqa: PLC0415 as above

    def down(*_asked: Any) -> None:
        raise GraphError(503, "unreachable", "down", "")

    (listing,) = [route for route in ROUTES if route.name == "listDevices"]
    member, real = sign_in(world, "full"), clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + dt.timedelta(hours=2))
    monkeypatch.setattr(membership, "check", down)
    assert as_member(service, member, listing, places).json()["code"] == "unavailable"
    monkeypatch.setattr(membership, "check", lambda *_asked: None)
    assert as_member(service, member, listing, places).status_code == 401
    monkeypatch.setattr(clock, "now", real)
    assert as_member(service, member, listing, places).status_code == 401


def test_each_key_has_its_own_limit(database: Database, world: World) -> None:
    with serving(database.login_url, requests_per_minute=3) as small:
        busy, other = program(small, world), program(small, world)
        answers = [busy.get("/devices") for _ in range(5)]
        assert answers[-1].status_code == 429
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
        assert answers[-1].json()["code"] == "too_many"
        assert other.get("/devices").status_code == 200


def test_ids_are_told_apart_from_addresses(ours: Program) -> None:
    for path, status in (
        ("/nothing", 404),
        ("/devices/nothing", 404),
        (f"/devices/{uuid.uuid4()}", 404),
        ("/devices/", 404),
        ("", 404),
    ):
        answer = ours.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), (
            path
        )
    unknown = ours.ask("PATCH", "/devices")
    assert (unknown.status_code, unknown.headers["allow"]) == (405, "GET")


def test_tenants_stay_apart_under_one_idempotency_key(
    service: Service, ours: Program, places: Places
) -> None:
    other = program(service, make_world("Other"))
    body, key = BODIES["addApp"], {"Idempotency-Key": "same"}
    first = ours.ask("POST", "/exceptions/apps", body, headers=key)
    second = other.ask("POST", "/exceptions/apps", body, headers=key)
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]
    assert places
