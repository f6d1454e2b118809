"""`$batch` as strict as Graph's, and with what may go wrong in it: answers in any order, missing, throttled."""

from typing import Any

import pytest
from tests.lab.conftest import App

GET = {"id": "1", "method": "GET", "url": "/groups?$top=1&$select=id"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def graph(app: App) -> App:
    app.consent("GroupMember.Read.All", "User.Read.All", "Device.ReadWrite.All")
    return app


def send(graph: App, *requests: dict[str, Any]) -> dict[str, Any]:
    answer = graph.call("POST", "/$batch", json={"requests": requests})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row for row in answer.json()["responses"]}


@pytest.mark.parametrize(
    "request_",
    [
        {**GET, "url": "https://graph.microsoft.com/v1.0/groups"},
        {**GET, "url": "/v1.0/groups"},
        {**GET, "url": ""},
        {**GET, "method": "FETCH"},
        {**GET, "url": "/$batch", "method": "POST"},
        {**GET, "method": "PATCH", "body": {}},
        {**GET, "dependsOn": ["2"]},
        {**GET, "headers": []},
    ],
    ids=["elsewhere", "version", "nowhere", "verb", "batch", "content-type", "depends", "headers"],
)
def test_what_no_batch_holds(graph: App, request_: dict[str, Any]) -> None:
    answer = graph.call("POST", "/$batch", json={"requests": [request_]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_a_batch_needs_a_token_and_each_request_its_permission(graph: App) -> None:
    assert graph.call("POST", "/$batch", token="none", json={"requests": [GET]}).status_code == 401
    found = send(graph, GET, {"id": "2", "method": "GET", "url": "/identity/conditionalAccess/policies"})
    assert [found[key]["status"] for key in ("1", "2")] == [200, 403]


def test_answers_come_in_another_order_and_are_logged_one_by_one(graph: App) -> None:
    requests = [{**GET, "id": str(number)} for number in range(20)]
    answer = graph.call("POST", "/$batch", json={"requests": requests})
    order = [row["id"] for row in answer.json()["responses"]]
    assert sorted(order, key=int) == [request["id"] for request in requests] != order
    logged = [entry["path"] for entry in graph.lab.get("/requests") if entry["path"].startswith("/v1.0")]
    assert logged == ["/v1.0/$batch", *["/v1.0/groups"] * 20]


def test_a_cut_request_is_missing_and_a_late_fault_has_its_effect(graph: App) -> None:
    device = graph.get("/devices", filter="operatingSystem eq 'Android'")["value"][0]["id"]
    change = {"extensionAttributes": {"extensionAttribute3": "x"}}
    patch = {"id": "2", "method": "PATCH", "url": f"/devices/{device}", "headers": JSON, "body": change}
    graph.lab.post("/faults", {"match": "PATCH /v1.0/devices", "drop": True, "times": 1})
    assert send(graph, GET, patch).keys() == {"1"}
    assert graph.get(f"/devices/{device}")["extensionAttributes"]["extensionAttribute3"] is None
    graph.lab.post("/faults", {"match": "PATCH /v1.0/devices", "status": 504, "after": True, "times": 1})
    assert send(graph, GET, patch)["2"]["status"] == 504
    assert graph.get(f"/devices/{device}")["extensionAttributes"]["extensionAttribute3"] == "x"


def test_devices_by_their_ids_at_most_fifteen(graph: App) -> None:
    ids = [row["id"] for row in graph.get("/devices", top="16")["value"]]
    listed = graph.get("/devices", filter=f"id in ('{ids[1]}','{ids[0]}','nobody')", select="id")
    assert [row["id"] for row in listed["value"]] == [ids[1], ids[0]]
    assert len(graph.get("/devices", filter=f"id in ('{ids[0]}', '{ids[1]}')")["value"]) == 2
    many = ",".join(f"'{key}'" for key in ids)
    answer = graph.call("GET", "/devices", params={"$filter": f"id in ({many})"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
