import json
from pathlib import Path

import pytest
from tests.lab.conftest import App
from tests.lab.published import Routes

from vedette_lab.graph import routes
from vedette_lab.graph.access import ACCESS, ALL_NEEDED, BETA_ONLY, LISTED, OWN, allowed
from vedette_lab.permissions import PERMISSIONS

NOBODY = "0d9b8f1c-5a5d-4a63-9c53-3f0f7a3f7d11"


@pytest.fixture(scope="module")
def matrix(shared_dir: Path) -> dict[str, dict[str, list[str]] | None]:
    rows = json.loads((shared_dir / "specs/graph/permissions-matrix.json").read_text())["routes"]
    return dict(rows)


def test_the_table_is_the_published_one(matrix: dict[str, dict[str, list[str]] | None]) -> None:
    for route, ours in LISTED.items():
        published = matrix[route]
        assert published is not None, route
        known = {name.rstrip("*") for name in published["Application"]} & set(PERMISSIONS)
        # The file lists Policy.Read.All alone for what documentation asks with two others.
        assert set(ours) == known, route


def test_our_own_rows_are_those_that_are_not_published(
    matrix: dict[str, dict[str, list[str]] | None],
) -> None:
    assert [route for route in OWN if matrix.get(route)] == []


def test_ids_are_the_published_ones(shared_dir: Path) -> None:
    ids = json.loads((shared_dir / "specs/graph/permissions-matrix.json").read_text())["permissionIds"]
    for name, permission in PERMISSIONS.items():
        if permission.resource == "graph" and name in ids:
            assert permission.id == ids[name]["Application"], name


def test_every_route_is_in_the_metadata(shared_dir: Path) -> None:
    published = Routes(shared_dir / "specs/graph")
    assert [row for row in ACCESS if not published.has(*row.split(" "))] == []


def _plain(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def test_every_row_has_a_route() -> None:
    for version, rows in (("v1.0", ACCESS.keys() - BETA_ONLY), ("beta", ACCESS.keys())):
        served = {
            f"{method} {_plain(route.path.removeprefix(f'/{version}'))}"
            for route in routes
            for method in getattr(route, "methods", None) or ()
            if getattr(route, "path", "").startswith(f"/{version}")
        }
        assert {f"{row.split(' ')[0]} {_plain(row.split(' ')[1])}" for row in rows} <= served


def test_without_permission_every_route_answers_403(app: App) -> None:
    token = app.token()
    for row in ACCESS:
        answer = app.call(*_concrete(row), token=token, json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied"), (
            row
        )


def test_each_permission_of_a_row_opens_it(app: App) -> None:
    wanted: dict[str, str] = {}
    for row, permissions in ACCESS.items():
        for permission in permissions:
            if allowed(row, frozenset({permission})):
                wanted.setdefault(permission, row)
    for permission, row in wanted.items():
        app.consent(permission)
        assert app.call(*_concrete(row), json={}).status_code != 403, (permission, row)


@pytest.mark.parametrize("row", ALL_NEEDED)
def test_rules_need_all_of_several_permissions(row: str) -> None:
    needed = ALL_NEEDED[row]
    assert allowed(row, frozenset(needed))
    assert not any(allowed(row, frozenset(set(needed) - {one})) for one in needed)


def test_a_probe_tells_missing_from_granted(app: App) -> None:
    body = {"extensionAttributes": {"extensionAttribute1": "x"}}
    app.consent("Device.Read.All")
    assert app.call("PATCH", f"/devices/{NOBODY}", json=body).status_code == 403
    app.consent("Device.ReadWrite.All")
    assert app.call("PATCH", f"/devices/{NOBODY}", json=body).status_code == 404


def _concrete(row: str) -> tuple[str, str]:
    method, path = row.split(" ")
    version = "/beta" if row in BETA_ONLY else ""
    return method, version + path.replace("{id}", NOBODY)


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "e30.e30.e30", "W10.W10.W10"])
def test_a_bad_token_is_401(app: App, token: str) -> None:
    answer = app.lab.client.get("/v1.0/groups", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert app.lab.client.get("/v1.0/groups").status_code == 401


def test_a_token_for_another_audience_or_with_another_key_is_401(app: App) -> None:
    app.consent("GroupMember.Read.All")
    intune = app.token_request(scope="https://api.manage.microsoft.com/.default").json()["access_token"]
    assert app.call("GET", "/groups", token=intune).status_code == 401
    head, body, signature = app.token().split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    assert app.call("GET", "/groups", token=forged).status_code == 401


def test_one_tenants_token_sees_nothing_of_another(app: App) -> None:
    app.consent("GroupMember.Read.All")
    theirs = app.lab.tenant("Fabrikam")["groups"]["enrollment"]
    assert app.call("GET", f"/groups/{theirs}").status_code == 404
