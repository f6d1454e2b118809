"""Sets of reads and writes in batches: each item is settled by itself, whatever happens to the others."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tests.foundation.graph_cloud import BRISK, Cloud, failure
from tests.support.http_server import Answer, Asked

from vedette.foundation import circuit
from vedette.foundation.graph import Graph, GraphError, NotSentError, Patience, Reply, Request, TokenError

Item = dict[str, Any]
BODY = {"extensionAttributes": {"extensionAttribute1": "x"}}


def patches(count: int, *, repeat: bool = True) -> list[Request]:
    return [Request("PATCH", f"/devices/{number}", BODY, repeat=repeat) for number in range(count)]


def answering(cloud: Cloud, answer: Callable[[Item], Item | None]) -> None:
    """Answer batches item by item, in reverse; None leaves an item out."""

    def reply(asked: Asked) -> Answer:
        found = [(item, answer(item)) for item in reversed(asked.json["requests"])]
        responses = [{"id": item["id"], **one} for item, one in found if one is not None]
        return Answer(json={"responses": responses}, headers={"request-id": "of-the-batch"})

    cloud.graph = reply


def done(_item: Item) -> Item:
    return {"status": 204}


def throttled(**headers: str) -> Item:
    return {"status": 429, "headers": headers, "body": {"error": {"code": "TooManyRequests"}}}


def codes(replies: list[Reply]) -> list[str]:
    return ["" if r.error is None else getattr(r.error, "code", "?") for r in replies]


def test_replies_are_in_the_order_of_the_requests_however_they_arrive(cloud: Cloud) -> None:
    def one(item: Item) -> Item:
        return {"status": 200, "headers": {"Request-Id": f"r{item['url']}"}, "body": {"at": item["url"]}}

    answering(cloud, one)
    requests = [*patches(25), Request("GET", "/deviceManagement/managedDevices?$top=1"), *patches(3)]
    replies = cloud.open().batch(requests, lanes=2)
    assert [reply.body["at"] for reply in replies] == [request.path for request in requests]
    assert [reply.request for reply in replies] == requests
    assert replies[3].request_id == "r/devices/3"
    sizes = sorted(len(call.json["requests"]) for call in cloud.calls)
    assert sizes == [1, 8, 20], "services have batches of their own"
    items = {item["url"]: item for call in cloud.calls for item in call.json["requests"]}
    assert items["/devices/0"]["headers"] == {"Content-Type": "application/json"}
    assert items["/devices/0"]["body"] == BODY
    assert "body" not in items["/deviceManagement/managedDevices?$top=1"]


def test_without_requests_nothing_is_sent(cloud: Cloud) -> None:
    assert cloud.open().batch([]) == []
    assert cloud.calls == []


def test_only_what_was_throttled_is_sent_again_and_not_sooner_than_allowed(cloud: Cloud) -> None:
    left = {"/devices/1", "/devices/7"}

    def one(item: Item) -> Item:
        if item["url"] in left:
            left.discard(item["url"])
            return throttled(**{"Retry-After": "1" if item["url"] == "/devices/1" else "2"})
        return done(item)

    answering(cloud, one)
    replies = cloud.open().batch(patches(10, repeat=False))
    assert codes(replies) == [""] * 10, "a throttled write was not done, so it may be sent again in any case"
    first, second = cloud.calls
    assert {item["url"] for item in second.json["requests"]} == {"/devices/1", "/devices/7"}
    assert second.at - first.at >= 2.0, "the longest of all waits"


def test_a_wait_beyond_patience_comes_back_with_its_time(cloud: Cloud) -> None:
    answering(
        cloud, lambda item: throttled(**{"Retry-After": "60"}) if item["url"] == "/devices/1" else done(item)
    )
    graph = cloud.open()
    (fine, held) = graph.batch(patches(2))
    assert fine.error is None
    assert isinstance(held.error, GraphError)
    assert not isinstance(held.error, NotSentError), "Graph's own answer says more"
    assert (held.error.status, held.error.code) == (429, "TooManyRequests")
    assert held.error.retry_after == pytest.approx(60, abs=2)
    (later,) = graph.batch(patches(1))
    assert isinstance(later.error, NotSentError)
    assert len(cloud.calls) == 1, "called sooner than allowed"


def test_without_retry_after_a_throttled_item_waits_a_little(cloud: Cloud) -> None:
    answers = [throttled(), throttled(), {"status": 204}]
    answering(cloud, lambda _item: answers.pop(0))
    assert codes(cloud.open().batch(patches(1))) == [""]
    assert len(cloud.calls) == 3


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize("trouble", ["unanswered", "failed", "cut", "unavailable"])
def test_what_may_have_been_done_is_sent_again_only_where_that_does_no_harm(
    cloud: Cloud, trouble: str, *, repeat: bool
) -> None:
    """The first time item 1 (or the whole batch) fails in a way that leaves open whether it was carried out."""
    first = iter([True])

    def one(item: Item) -> Item | None:
        if item["url"] == "/devices/1" and next(first, False):
            return None if trouble == "unanswered" else {"status": 504, "body": {"error": {"code": "failed"}}}
        return done(item)

    answering(cloud, one)
    if trouble in {"cut", "unavailable"}:
        inner = cloud.graph
        broken = Answer(drop=True) if trouble == "cut" else failure(503, "unavailable")
        cloud.graph = lambda asked: broken if next(first, False) else inner(asked)
    replies = cloud.open().batch(patches(3, repeat=repeat))
    whole = trouble in {"cut", "unavailable"}
    code = {"cut": "unreachable"}.get(trouble, trouble)
    expected = [code if not repeat and (whole or n == 1) else "" for n in range(3)]
    assert codes(replies) == expected
    assert len(cloud.calls) == (2 if repeat else 1)


def test_reads_are_always_asked_again(cloud: Cloud) -> None:
    answers = [None, {"status": 503}, {"status": 200, "body": {"id": "d"}}]
    answering(cloud, lambda _item: answers.pop(0))
    (reply,) = cloud.open().batch([Request("GET", "/devices/d")])
    assert reply.body == {"id": "d"}


def test_what_is_refused_for_good_is_not_sent_again(cloud: Cloud) -> None:
    answers: dict[str, Item] = {
        "/devices/0": {"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}},
        "/devices/1": {"status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}},
        "/devices/2": {"status": 424, "body": "no object", "headers": []},
    }
    answering(cloud, lambda item: answers[item["url"]])
    replies = cloud.open().batch(patches(3))
    assert codes(replies) == ["Request_ResourceNotFound", "Authorization_RequestDenied", "http424"]
    assert [reply.status for reply in replies] == [404, 403, 424]
    assert {reply.request_id for reply in replies} == {"of-the-batch"}
    assert len(cloud.calls) == 1


def test_patience_ends(cloud: Cloud) -> None:
    answering(cloud, lambda item: {"status": 500} if item["url"] == "/devices/1" else done(item))
    assert codes(cloud.open().batch(patches(2))) == ["", "http500"]
    assert len(cloud.calls) == BRISK.attempts


def test_a_token_refused_in_a_batch_is_renewed_once(cloud: Cloud) -> None:
    answers: list[Item] = [
        {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}},
        {"status": 204},
    ]
    answering(cloud, lambda _item: answers.pop(0) if len(answers) > 1 else answers[0])
    assert codes(cloud.open().batch(patches(1, repeat=False))) == [""]
    assert [call.headers["Authorization"] for call in cloud.calls] == ["Bearer token1", "Bearer token2"]
    answering(cloud, lambda _item: {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}})
    assert codes(cloud.open().batch(patches(1))) == ["InvalidAuthenticationToken"]
    assert len(cloud.calls) == 4


def test_without_a_token_each_item_says_why(cloud: Cloud) -> None:
    cloud.token = lambda _asked: Answer(
        401, json={"error": "invalid_client", "error_description": "AADSTS7000222: expired"}
    )
    replies = cloud.open().batch(patches(2))
    assert [type(reply.error) for reply in replies] == [TokenError] * 2
    assert cloud.calls == []


@pytest.mark.parametrize(
    "answer", [Answer(json={}), Answer(json={"responses": "x"}), Answer(200, body=b"<html>")]
)
def test_an_answer_that_is_no_batch(cloud: Cloud, answer: Answer) -> None:
    cloud.graph = lambda _asked: answer
    assert codes(cloud.open().batch(patches(2))) == ["unreadable"] * 2


def test_a_service_that_is_down_is_left_alone_and_another_tenant_and_service_are_not(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "FIRST_PAUSE", 0.3)
    heard: list[tuple[str, str, bool]] = []
    monkeypatch.setattr(circuit, "_listeners", [lambda *about: heard.append((*about[:2], about[2] is None))])
    down = threading.Event()
    down.set()

    def reply(asked: Asked) -> Answer:
        mine = asked.headers["Authorization"] == "Bearer token1"
        failing = mine and "deviceManagement" not in asked.path and down.is_set()
        return failure(503, "serviceNotAvailable") if failing else Answer(json={"id": "x"})

    cloud.graph = reply
    graph = Graph(cloud.tenant, patience=Patience(1))
    for _ in range(circuit.FAILURES):
        with pytest.raises(GraphError):
            graph.get("/groups")
    before = len(cloud.calls)
    with pytest.raises(NotSentError) as raised:
        graph.get("/groups")
    assert (raised.value.code, len(cloud.calls)) == ("circuit_open", before)
    assert raised.value.retry_after
    assert codes(graph.batch(patches(1))) == ["circuit_open"]
    assert graph.get("/deviceManagement/managedDevices") == {"id": "x"}
    assert Graph(str(uuid4()), patience=Patience(1)).get("/groups") == {"id": "x"}
    down.clear()
    with pytest.raises(NotSentError):
        graph.get("/groups")
    circuit.circuit(cloud.url, cloud.tenant, "identity")._next_try = 0
    assert graph.get("/groups") == {"id": "x"}
    assert heard == [(cloud.tenant, "identity", False), (cloud.tenant, "identity", True)]


def test_a_probe_that_fails_inside_an_answered_batch_pauses_the_service_again_and_longer(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "_listeners", [])
    answering(cloud, lambda _item: {"status": 503, "body": {"error": {"code": "serviceNotAvailable"}}})
    graph = Graph(cloud.tenant, patience=Patience(1))
    for _ in range(circuit.FAILURES):
        graph.batch(patches(1))
    service = circuit.circuit(cloud.url, cloud.tenant, "identity")
    assert 0 < service.refuses_for() <= circuit.FIRST_PAUSE
    service._next_try = 0
    assert codes(graph.batch(patches(2))) == ["serviceNotAvailable"] * 2, "the probe"
    assert circuit.FIRST_PAUSE < service.refuses_for() <= 2 * circuit.FIRST_PAUSE
    service._next_try = 0
    cloud.graph = lambda _asked: Answer(json={})
    assert codes(graph.batch(patches(1))) == ["unreadable"]
    assert service.refuses_for() == 0.0, "a probe that says nothing makes way for another"
