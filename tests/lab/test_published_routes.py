"""Lab and service against the published routes: every reading route's answer, every option, every call of ours."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lab.conftest import App
from tests.lab.published import BETA_ONLY, NOT_EXTRACTED, Routes, plain
from tests.lab.test_graph_conformance import Metadata
from tests.lab.test_graph_intune import COMPLIANCE, CONNECTORS, RULES, policy, rule

from vedette_lab.graph.access import ACCESS
from vedette_lab.graph.options import allowed
from vedette_lab.permissions import PERMISSIONS

SOURCE = Path(__file__).resolve().parents[2] / "src" / "vedette"
CALLS = {
    "get": "GET",
    "pages": "GET",
    "answers": "GET",
    "post": "POST",
    "patch": "PATCH",
    "delete": "DELETE",
}
"""Methods of foundation.graph.Graph."""
READING = sorted(row for row in ACCESS if row.startswith("GET "))
DELTAS = {"/groups/delta": "group", "/users/delta": "user", "/devices/delta": "device"}


@pytest.fixture(scope="module")
def routes(shared_dir: Path) -> Routes:
    return Routes(shared_dir / "specs/graph")


@pytest.fixture(scope="module")
def metadata(shared_dir: Path) -> Metadata:
    return Metadata(shared_dir / "specs/graph")


def test_each_route_takes_the_published_options(routes: Routes) -> None:
    for row in ACCESS:
        method, path = row.split(" ")
        published = routes.options(path) if method == "GET" else frozenset()
        assert allowed(method, path) == published, row


def test_the_lab_refuses_an_option_that_is_not_published(app: App) -> None:
    app.consent("User.Read.All")
    refused = app.call("GET", "/users", params={"$skip": "5"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    user = app.get("/users", top="1")["value"][0]["id"]
    assert app.call("GET", f"/users/{user}", params={"$filter": "id eq 'x'"}).status_code == 400


@pytest.fixture
def furnished(app: App) -> App:
    """An organisation in which there is something behind every reading route."""
    app.consent(*(name for name, row in PERMISSIONS.items() if row.resource == "graph"))
    everybody = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
    body = policy(**{"@odata.type": "#microsoft.graph.androidCompliancePolicy", "osMinimumVersion": "99"})
    made = app.call("POST", COMPLIANCE, json=body).json()["id"]
    app.call("POST", f"{COMPLIANCE}/{made}/assign", json={"assignments": [{"target": everybody}]})
    app.call("POST", RULES, json=rule())
    app.call("POST", CONNECTORS, json={"id": "2c7790de-8b02-4814-85cf-e0c59380dee8", "androidEnabled": True})
    phone = app.lab.get(f"/tenants/{app.tid}/devices", story=1)[0]
    app.call("POST", f"/deviceManagement/managedDevices/{phone['managed']['id']}/syncDevice")
    return app


def test_every_reading_route_answers_in_published_types(
    furnished: App, routes: Routes, metadata: Metadata
) -> None:
    """A route that somebody adds is walked too: its objects are found by the list above it."""
    known: dict[str, list[str]] = {}
    empty, token = set(), furnished.token()
    for row in sorted(READING, key=lambda one: one.count("{id}")):
        path = row.removeprefix("GET ")
        kind = DELTAS.get(path) or routes.returns(path)[0]
        found = read(furnished, path, token, known)
        if not found:
            empty.add(path)
        known.setdefault(path, [str(each["id"]) for each in found if "id" in each])
        if path in SEEN_ELSEWHERE:
            continue
        said = [complaint for each in found for complaint in metadata.complaints(each, type_of(each, kind))]
        assert said == [], row
    assert empty <= MAY_BE_EMPTY


SEEN_ELSEWHERE = {"/deviceManagement"}
"""Its own type was not extracted; its settings are looked at in test_graph_conformance.py."""
MAY_BE_EMPTY = {
    # nobody makes these in the lab: the probe of the permission reads the list
    "/deviceAppManagement/mobileAppConfigurations",
    # test_graph_subscriptions.py makes some and has their type checked
    "/subscriptions",
    "/subscriptions/{id}",
}


def read(app: App, path: str, token: str, known: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Read a path; where it names an object, the first one of the list above it that has something to say."""
    for concrete in filled(path, known):
        version = "/beta" if plain(path) in BETA_ONLY else "/v1.0"
        answer = app.call("GET", f"{app.lab.url}{version}{concrete}", token=token)
        assert answer.status_code == 200, (concrete, answer.text)
        found = answer.json()
        rows = found["value"] if isinstance(found.get("value"), list) else [found]
        if rows:
            return [dict(each) for each in rows]
    return []


def filled(path: str, known: dict[str, list[str]]) -> Iterator[str]:
    before, place, after = path.partition("/{id}")
    if not place:
        yield path
        return
    for each in known[before]:
        yield f"{before}/{each}{after}"


def type_of(row: dict[str, Any], otherwise: str) -> str:
    row = {**row}
    return str(row.get("@odata.type", "")).rpartition(".")[2] or otherwise


def test_every_call_of_the_service_is_published(routes: Routes) -> None:
    """Read from the source: a path in a call of Graph's methods, or in a table of calls."""
    unknown = [
        f"{where}: {method} {path}" for where, method, path in calls() if not known_to(routes, method, path)
    ]
    assert unknown == []


def test_the_reading_of_the_source_finds_calls() -> None:
    found = {(method, path) for _where, method, path in calls()}
    assert {
        ("GET", "/groups/{}"),
        ("PATCH", "/devices/{}"),
        ("", "/deviceManagement/managedDevices"),
    } <= found
    assert len(found) > 15


def test_what_is_allowed_beside_the_metadata_is_used() -> None:
    used = {f"{method} {plain(path)}" for method, path in (row.split(" ") for row in ACCESS)}
    assert set(NOT_EXTRACTED) - used == {"POST /$batch"}  # which asks for no permission of its own


def known_to(routes: Routes, method: str, path: str) -> bool:
    return any(routes.fits(each, path) for each in ({method} if method else set(CALLS.values())))


RESOURCES = (
    *(
        "groups",
        "users",
        "devices",
        "deviceManagement",
        "deviceAppManagement",
        "identity",
        "servicePrincipals",
    ),
    *("applications", "organization", "subscriptions", "directoryObjects", "identityProtection", "$batch"),
)
PATH = re.compile(rf"/(?:{'|'.join(map(re.escape, RESOURCES))})(?:[/?(].*)?$")


def calls() -> Iterator[tuple[str, str, str]]:
    """Yield file and line, method ("" where the path stands alone) and plain path."""
    for file in sorted(SOURCE.rglob("*.py")):
        text = file.read_text()
        if "foundation.graph" not in text and file.name not in {"graph.py", "graph_batch.py", "profiles.py"}:
            continue
        tree = ast.parse(text)
        named = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                named[id(node.args[0])] = CALLS.get(node.func.attr, "")
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        for node in ast.walk(tree):
            template = None if id(node) in inside else template_of(node)
            if template and PATH.match(template):
                yield f"{file.name}:{getattr(node, 'lineno', 0)}", named.get(id(node), ""), clean(template)


def template_of(node: ast.AST) -> str | None:
    """Return a string with `{}` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def clean(template: str) -> str:
    """Return the plain path: an alternate key is an object, a query is no part of it."""
    path = template.partition("?")[0]
    return plain(re.sub(r"\((?:\w+)='[^']*'\)", "/{}", path))
