"""Graph's own limits: what a request costs, windows, and what is said before and after they are full."""

from collections.abc import Iterator

import pytest
from tests.lab.conftest import App

from vedette_lab.graph_limits import Cost, cost


@pytest.fixture
def graph(app: App) -> Iterator[App]:
    app.consent("GroupMember.Read.All", "User.Read.All", "Device.ReadWrite.All", "Policy.Read.All")
    yield app
    app.lab.post("/limits", {"on": False})


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/v1.0/devices/x", {"$select": "id"}, Cost("identity", 1, writes=False)),
        ("PATCH", "/v1.0/devices/x", {}, Cost("identity", 1, writes=True)),
        ("GET", "/v1.0/groups/x/members", {}, Cost("identity", 3, writes=False)),
        (
            "GET",
            "/v1.0/groups/x/transitiveMembers/microsoft.graph.user",
            {},
            Cost("identity", 5, writes=False),
        ),
        ("GET", "/v1.0/users", {"$top": "5", "$select": "id"}, Cost("identity", 1, writes=False)),
        ("GET", "/v1.0/devices", {"$expand": "registeredOwners"}, Cost("identity", 2, writes=False)),
        ("POST", "/v1.0/users/x/checkMemberGroups", {}, Cost("identity", 4, writes=False)),
        ("GET", "/v1.0/deviceManagement/managedDevices", {}, Cost("intune", 1, writes=False)),
        ("POST", "/v1.0/deviceManagement/managedDevices/x/syncDevice", {}, Cost("intune", 1, writes=True)),
        ("PATCH", "/v1.0/identity/conditionalAccess/policies/x", {}, Cost("policy", 1, writes=True)),
    ],
)
def test_what_a_request_costs(method: str, path: str, query: dict[str, str], expected: Cost) -> None:
    assert cost(method, path, query) == expected


def test_the_documented_limits_and_others(graph: App) -> None:
    found = graph.lab.post("/limits", {"identity_writes": [2000, 1]})
    assert found["on"]
    assert found["identity_writes"] == [2000, 1]
    assert (found["identity"], found["intune"], found["intune_writes"]) == ([3500, 10], [2000, 20], [200, 20])
    assert graph.lab.client.post("/lab/limits", json={"identity": [0, 1]}).status_code == 400
    assert graph.lab.client.post("/lab/limits", json={"mail": [1, 1]}).status_code == 400


def test_a_limit_is_told_from_four_fifths_on_and_then_refused(graph: App) -> None:
    token = graph.token()
    graph.lab.post("/limits", {"identity": [10, 3000]})
    answers = [graph.call("GET", "/groups?$select=id", token=token) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    told = [answer.headers.get("x-ms-throttle-limit-percentage") for answer in answers]
    assert told == [None] * 7 + ["0.80", "0.90", "1.00", "1.10", "1.20"]
    assert answers[0].headers["x-ms-resource-unit"] == "1"
    refused = answers[-1]
    assert 2900 < int(refused.headers["Retry-After"]) <= 3000
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith(
        f"Tenant_Application/ReadWrite/{graph.client_id}"
    )
    assert refused.json()["error"]["code"] == "TooManyRequests"


def test_writes_have_a_limit_of_their_own_also_in_a_batch(graph: App) -> None:
    graph.lab.post("/limits", {"identity_writes": [3, 3000]})
    requests = [
        {
            "id": str(n),
            "method": "PATCH",
            "url": "/devices/none",
            "headers": {"Content-Type": "application/json"},
        }
        | {"body": {}}
        for n in range(4)
    ]
    answer = graph.call("POST", "/$batch", json={"requests": requests})
    found = answer.json()["responses"]
    assert (answer.status_code, sorted(row["status"] for row in found)) == (200, [404, 404, 404, 429])
    (refused,) = [row for row in found if row["status"] == 429]
    assert refused["headers"]["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert int(refused["headers"]["Retry-After"]) > 0
    assert graph.call("GET", "/groups").status_code == 200


def test_conditional_access_takes_one_call_a_second_and_does_not_say_when(graph: App) -> None:
    token = graph.token()
    graph.lab.post("/limits", {"policy": [1, 3000]})
    path = "/identity/conditionalAccess/policies"
    first, second = (graph.call("GET", path, token=token) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert "Retry-After" not in second.headers
