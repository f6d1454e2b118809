"""Calls of Graph: options, pages, patience, batches; Graph is played by a real HTTPS server."""

import threading
from typing import Any

import pytest
from tests.foundation.graph_cloud import BRISK, Cloud, configure, failure
from tests.support.http_server import (
    Answer,
    Asked,
    serving,
)

from vedette.foundation.graph import GraphError, TokenError


def test_one_object_with_its_options_token_and_ids(cloud: Cloud) -> None:
    cloud.graph = lambda _asked: Answer(json={"id": "g1"}, headers={"request-id": "r1"})
    graph = cloud.open()
    assert graph.get("/groups/g1", select="id,displayName", top=1, expand="members") == {"id": "g1"}
    (call,) = cloud.calls
    assert call.path == "/v1.0/groups/g1"
    assert call.query == {"$select": "id,displayName", "$top": "1", "$expand": "members"}
    assert call.headers["Authorization"] == "Bearer token1"
    assert len(call.headers["client-request-id"]) == 36
    assert graph.last_request_id == "r1"
    (token,) = cloud.token_requests
    assert token.path == f"/{cloud.tenant}/oauth2/v2.0/token"
    assert token.form["scope"] == f"{cloud.url}/.default"
    assert token.form["grant_type"] == "client_credentials"


def test_other_versions_of_the_api(cloud: Cloud) -> None:
    cloud.open().get("/beta/devices")
    assert [call.path for call in cloud.calls] == ["/beta/devices"]


def test_pages_are_followed_to_the_end(cloud: Cloud) -> None:
    pages = {
        "": ["a", "b"],
        "2": ["c"],
        "3": [],
        "4": ["d"],
    }

    def reply(asked: Asked) -> Answer:
        here = asked.query.get("$skiptoken", "")
        body: dict[str, Any] = {"value": [{"id": name} for name in pages[here]]}
        following = {"": "2", "2": "3", "3": "4"}.get(here)
        if following:
            body["@odata.nextLink"] = f"{cloud.url}/v1.0/users?$skiptoken={following}"
        return Answer(json=body)

    cloud.graph = reply
    listed = cloud.open().pages("/users", select="id", search='"displayName:a"', consistency=True)
    assert [item["id"] for item in listed] == ["a", "b", "c", "d"]
    assert [call.headers["ConsistencyLevel"] for call in cloud.calls] == ["eventual"] * 4
    assert cloud.calls[0].query["$count"] == "true"
    assert "$select" not in cloud.calls[1].query, "the next link is used as it is"


def test_a_listing_that_breaks_off_is_an_error(cloud: Cloud) -> None:
    first = Answer(json={"value": [{"id": "a"}], "@odata.nextLink": f"{cloud.url}/v1.0/users?page=2"})
    cloud.in_turn(first, failure(500, "internalError"))
    seen: list[str] = []
    with pytest.raises(GraphError) as raised:
        seen.extend(item["id"] for item in cloud.open().pages("/users"))
    assert raised.value.status == 500


@pytest.mark.parametrize("link", ["https://evil.example.org/v1.0/users", "{url}/v1.0/users"])
def test_the_token_goes_nowhere_else_and_a_circle_ends(cloud: Cloud, link: str) -> None:
    following = link.format(url=cloud.url)
    cloud.graph = lambda _asked: Answer(json={"value": [], "@odata.nextLink": following})
    with pytest.raises(GraphError, match="next page"):
        list(cloud.open().pages("/users"))
    assert len(cloud.calls) <= 2


def test_retry_after_is_honoured(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "1"}), Answer(json={"id": "x"}))
    assert cloud.open().get("/groups") == {"id": "x"}
    first, second = cloud.calls
    assert second.at - first.at >= 1.0


def test_everybody_of_the_tenant_waits_and_nobody_else(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "1"}), Answer(json={}))
    with pytest.raises(GraphError):
        cloud.open().post("/groups", {})
    done = threading.Event()

    def other_thread() -> None:
        cloud.open().get("/users")
        done.set()

    threading.Thread(target=other_thread).start()
    cloud.open().get("/deviceManagement/managedDevices")
    assert done.wait(30)
    by_path = {call.path.rpartition("/")[2]: call.at for call in cloud.calls}
    assert by_path["users"] - by_path["groups"] >= 1.0
    assert by_path["managedDevices"] < by_path["users"], "Intune's limits are not the directory's"


def test_a_wait_beyond_patience_is_said_and_not_broken(cloud: Cloud) -> None:
    cloud.in_turn(failure(429, "TooManyRequests", **{"Retry-After": "120"}), Answer(json={}))
    for _ in range(2):
        with pytest.raises(GraphError) as raised:
            cloud.open().get("/groups")
        assert raised.value.status == 429
        assert raised.value.retry_after == pytest.approx(120, abs=2)
    assert len(cloud.calls) == 1, "called sooner than allowed"


@pytest.mark.parametrize(
    "broken", [failure(500, "x"), failure(503, "x"), failure(429, "x"), Answer(drop=True)]
)
def test_what_passes_is_repeated_a_bounded_number_of_times(cloud: Cloud, broken: Answer) -> None:
    cloud.in_turn(broken, broken, Answer(json={"id": "x"}))
    assert cloud.open().get("/groups") == {"id": "x"}
    cloud.in_turn(broken)
    before = len(cloud.calls)
    with pytest.raises(GraphError):
        cloud.open().get("/groups")
    assert len(cloud.calls) - before == BRISK.attempts


def test_writes_are_repeated_only_when_that_does_no_harm(cloud: Cloud) -> None:
    cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
    graph = cloud.open()
    for write in (graph.post, graph.patch):
        cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
        before = len(cloud.calls)
        with pytest.raises(GraphError):
            write("/devices/d", {"a": 1})
        assert len(cloud.calls) - before == 1
        cloud.in_turn(failure(503, "serviceNotAvailable"), Answer(204))
        assert write("/devices/d", {"a": 1}, idempotent=True) == {}
    assert cloud.calls[-1].json == {"a": 1}
    assert cloud.calls[-1].method == "PATCH"
    graph.delete("/devices/d")
    assert cloud.calls[-1].method == "DELETE"


def test_a_refused_token_is_renewed_once(cloud: Cloud) -> None:
    cloud.in_turn(failure(401, "InvalidAuthenticationToken"), Answer(json={"id": "x"}))
    assert cloud.open().post("/groups", {}) == {"id": "x"}
    assert [call.headers["Authorization"] for call in cloud.calls] == ["Bearer token1", "Bearer token2"]
    cloud.in_turn(failure(401, "InvalidAuthenticationToken"))
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    assert raised.value.status == 401
    assert len(cloud.calls) == 4


def test_an_error_carries_what_support_asks_for(cloud: Cloud) -> None:
    cloud.in_turn(failure(403, "Authorization_RequestDenied"))
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    error = raised.value
    assert (error.status, error.code, error.message) == (403, "Authorization_RequestDenied", "why")
    assert error.request_id == "inner-id"
    assert "permission" in error.explanation
    assert "consent" in error.next_step
    assert len(cloud.calls) == 1


@pytest.mark.parametrize(
    "answer", [Answer(200, body=b"<html>"), Answer(200, json=[1]), Answer(502, body=b"<html>Bad gateway")]
)
def test_an_answer_that_is_not_graphs_is_an_error(cloud: Cloud, answer: Answer) -> None:
    cloud.in_turn(answer)
    with pytest.raises(GraphError) as raised:
        cloud.open().get("/groups")
    assert raised.value.code in {"unreadable", "http502"}


def test_no_answer_at_all_is_an_error_with_advice(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cloud.open()
    graph.token()
    with serving(cloud.reply) as gone:
        pass
    monkeypatch.setattr(graph, "_origin", f"https://127.0.0.1:{gone.port}")
    with pytest.raises(GraphError) as raised:
        graph.get("/groups")
    assert (raised.value.status, raised.value.code) == (0, "unreachable")
    assert "network" in raised.value.next_step


def test_a_private_address_is_refused_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, VEDETTE_ALLOW_PRIVATE_ADDRESSES="0")
    with pytest.raises(TokenError) as raised:
        cloud.open().get("/groups")
    assert "VEDETTE_ALLOW_PRIVATE_ADDRESSES" in str(raised.value)
    assert cloud.calls == []


def test_a_batch_of_more_than_twenty(cloud: Cloud) -> None:
    throttled = {"d3"}

    def reply(asked: Asked) -> Answer:
        if not asked.path.endswith("/$batch"):
            return Answer(json={"value": [{"id": "second page"}]})
        responses = []
        for request in reversed(asked.json["requests"]):
            name = request["url"].split("/")[2]
            answer: dict[str, Any] = {"id": request["id"], "status": 200, "body": {"value": [{"id": name}]}}
            if name == "d2":
                answer |= {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}}
            elif name in throttled:
                throttled.discard(name)
                answer |= {"status": 429, "headers": {"Retry-After": "1"}, "body": {"error": {}}}
            elif name == "d4":
                answer["body"]["@odata.nextLink"] = f"{cloud.url}/v1.0/devices/d4/registeredOwners?more"
            responses.append(answer)
        return Answer(json={"responses": responses})

    cloud.graph = reply
    paths = {f"d{number}": f"/devices/d{number}/registeredOwners" for number in range(45)}
    found = dict(cloud.open().batch_get(paths))
    assert found.keys() == paths.keys()
    assert found["d2"] == {}
    assert found["d3"]["value"] == [{"id": "d3"}]
    assert found["d4"]["value"] == [{"id": "d4"}, {"id": "second page"}]
    batches = [call for call in cloud.calls if call.path.endswith("/$batch")]
    assert [len(call.json["requests"]) for call in batches] == [20, 1, 20, 5]
    assert batches[1].at - batches[0].at >= 1.0


def test_a_batch_that_is_denied_is_an_error(cloud: Cloud) -> None:
    denied = {"id": "0", "status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}
    cloud.in_turn(Answer(json={"responses": [denied]}))
    with pytest.raises(GraphError) as raised:
        list(cloud.open().batch_get({"d": "/devices/d"}))
    assert raised.value.code == "Authorization_RequestDenied"
