"""The document and the page: every address in both, and no status promised that cannot be met."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.api.native.conftest import Places
from tests.api.native.test_acts import BECAUSE, filled
from tests.support.native_api import Program, Service

from vedette.api.native import openapi
from vedette.api.native.problems import KINDS
from vedette.api.native.table import ROUTES, Atlas

PAGE = Path(__file__).resolve().parents[3] / "docs" / "native-api.md"
DOCUMENT = msgspec.json.decode(openapi.document(ROUTES))


def test_the_page_has_a_row_for_each_address_and_each_code() -> None:
    rows = PAGE.read_text().splitlines()
    for route in ROUTES:
        told = f"| `{route.method} {route.path}` | {route.summary} | `{route.scope}` | {route.module}, {route.right} |"
        assert [row for row in rows if row.endswith(told)], told
    for code, kind in KINDS.items():
        assert f"| {kind.status} | `{code}` | {kind.title} |" in rows, code


def test_the_document_is_published_to_everybody(service: Service) -> None:
    answer = service.client.get(f"{service.url}/api/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (200, DOCUMENT)
    assert answer.headers["content-type"] == "application/json"


def test_each_address_is_said_once_and_found() -> None:
    names = [route.name for route in ROUTES]
    assert len(set(names)) == len(names)
    assert sum(len(operations) for operations in DOCUMENT["paths"].values()) == len(ROUTES)
    atlas = Atlas(ROUTES)
    for route in ROUTES:
        found = atlas.find("/api/v1" + route.path)
        assert found
        assert found[0][route.method] is route


def test_who_may_read_may_not_write_by_the_same_scope() -> None:
    for route in ROUTES:
        assert route.reads == (str(route.scope).endswith(".read")) or not route.changes, route.name
        assert (route.right == "view") == (route.reads or not route.changes), route.name


class Refused(NamedTuple):
    """A request that is refused, with its code: of each route and each code that the document names for it alone."""

    route: str
    code: str
    path: str
    body: Any = None
    query: dict[str, Any] = {}


MANY = {"most_threats": 100, "most_devices": 100}
NO_LEVEL = {"levels": {"NO_SUCH": {"risk": "LOW", "response": "alert"}}}
LOW = {"levels": {"TROJAN": {"risk": "LOW", "response": "alert"}}}
OLD = {"levels": {}, "parameters": {"minimum_android": "x", "minimum_ios": "17", "patch_age_days": 9}}
POLICY = "/groups/{group_id}/policy"
REFUSED = [
    Refused("deactivateDevice", "conflict", "/devices/{away}/deactivate", BECAUSE),
    Refused("reinstateDevice", "conflict", "/devices/{device_id}/reinstate"),
    Refused("checkDevice", "conflict", "/devices/{away}/check"),
    Refused("releaseDevice", "conflict", "/devices/{healthy}/release", BECAUSE | {"hours": 1}),
    Refused("endRelease", "conflict", "/devices/{device_id}/release"),
    Refused("ignoreThreat", "conflict", "/threats/{ignored}/ignore", BECAUSE),
    Refused("reopenThreat", "conflict", "/threats/{threat_id}/reopen"),
    Refused("resolveThreat", "conflict", "/threats/{threat_id}/resolve", {"reason": " "}),
    Refused("comparePolicy", "refused", f"{POLICY}/diff", NO_LEVEL),
    Refused("applyPolicy", "refused", POLICY, OLD, MANY),
    Refused("applyPolicy", "counts_exceeded", POLICY, LOW, {"most_threats": 0, "most_devices": 0}),
    Refused("applyPolicy", "conflict", POLICY, LOW, MANY),
    Refused("addApp", "refused", "/exceptions/apps", {"action": "deny", "subject": "sha256", "value": "x"}),
    Refused("addRule", "refused", "/exceptions/rules", {"name": "x", "all_of": ["to_fly"]}),
    Refused("sparePerson", "refused", "/exceptions/people", {"person": "nobody@example.test"}),
    Refused("sparePerson", "conflict", "/exceptions/people", {"person": "bo@example.test"}),
    Refused("invite", "refused", "/invitations", {}),
    Refused("invite", "conflict", "/invitations", {"device_id": "{away}"}),
    Refused("withdrawInvitation", "conflict", "/invitations/{invitation_id}/withdraw"),
    Refused("uploadScan", "refused", "/scans", None, {"file_name": "empty.zip"}),
    Refused("getScanResult", "conflict", "/scans/{waiting}/result"),
    Refused("checkLinks", "refused", "/links/check",
            {"links": [f"https://{n}.test/" for n in range(50)], "text": "https://one-more.test/"}),
]  # fmt: skip


def test_every_refusal_that_a_route_names_can_be_met(
    service: Service, ours: Program, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {(route.name, code) for route in ROUTES for code in route.refusals}
    assert {(one.route, one.code) for one in REFUSED} == named
    service.entra.knows("bo@example.test", "bo@example.test")
    ours.post("/exceptions/people", {"person": "bo@example.test"})
    ours.post(f"/invitations/{places['invitation_id']}/withdraw")
    scan = ours.ask("POST", "/scans", content=b"PK", params={"file_name": "x.zip"}).json()
    known = places | {"waiting": scan["id"]}
    methods = {route.name: route.method for route in ROUTES}
    for one in REFUSED:
        if (one.route, one.code) == ("applyPolicy", "conflict"):
            _make_busy(monkeypatch, ours, known)
        answer = ours.ask(
            methods[one.route], filled(one.path, known), filled(one.body, known), params=one.query,
            headers={"If-Match": "*"},
        )  # fmt: skip
        assert (answer.status_code, answer.json().get("code")) == (KINDS[one.code].status, one.code), one
        assert answer.json()["detail"]
        assert answer.json()["next_step"]
    assert ours.ask("DELETE", f"/scans/{scan['id']}").status_code == 204


def _make_busy(monkeypatch: pytest.MonkeyPatch, ours: Program, places: Places) -> None:
    """Leave a large change to a job that does not run."""
    from vedette.compliance import change_policy  # noqa: PLC0415 needs Django

    with monkeypatch.context() as patched:
        patched.setattr(change_policy, "LARGEST", 0)
        begun = ours.ask("PUT", filled(POLICY, places), LOW, params=MANY, headers={"If-Match": "*"})
        assert begun.status_code == 202
