"""Each kind of destination against a receiver that follows the published protocol, and against receivers that fail."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.connectors.deliveries import receivers
from tests.connectors.deliveries.receivers import Azure, Cluster, Collector
from tests.connectors.deliveries.samples import told
from tests.support.http_server import Answer, certificate_for, serving

from vedette.connectors import destination_http
from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import KINDS, Sent, Target
from vedette.connectors.routes import Budget
from vedette.connectors.sentinel import ingestion
from vedette.connectors.sentinel.columns import COLUMNS, row
from vedette.connectors.splunk import hec
from vedette.foundation import config

STREAM = "logs-vedette.events-default"


def send(kind: str, settings: dict[str, Any], secrets: dict[str, str], events: list[Told]) -> Sent:
    target = Target(uuid.uuid4(), uuid.uuid4(), "SOC", settings, secrets)
    return KINDS[kind].send(target, events, Budget(time.monotonic() + 30, threading.Event()))


def several(count: int) -> list[Told]:
    found = []
    for number in range(count):
        one = told("AUDIT", action=f"policy.test_{number}")
        event = {**one.event, "id": str(uuid.UUID(int=number)), "number": f"n{number}"}
        found.append(
            Told(**{**one.__dict__, "id": uuid.UUID(int=number), "position": number, "event": event})
        )
    return found


# -- webhooks that fail in every way --------------------------------------------------------------------


def webhook(url: str, events: list[Told] | None = None) -> Sent:
    return send("webhook", {"template": "json"}, {"url": url}, events or [told()])


@pytest.mark.parametrize(
    ("status", "code", "is_trouble"),
    [
        (301, "redirected", True),
        (307, "redirected", True),
        (400, "rejected", False),
        (401, "unauthorized", True),
        (403, "forbidden", True),
        (404, "not_found", True),
        (408, "no_answer", True),
        (410, "gone", True),
        (413, "too_large", False),
        (422, "rejected", False),
        (429, "too_many", True),
        (500, "server_error", True),
        (502, "server_error", True),
        (503, "too_many", True),
    ],
)
def test_what_a_status_means(status: int, code: str, is_trouble: bool) -> None:
    headers = {"Retry-After": "7", "Location": "http://127.0.0.1:9/elsewhere"}
    with serving(lambda _asked: Answer(status, headers=headers)) as receiver:
        sent = webhook(receiver.url)
        assert len(receiver.asked) == 1, "no redirect is followed, nothing is repeated"
    if is_trouble:
        assert sent.trouble
        assert (sent.done, sent.trouble.code) == (0, code)
        assert sent.trouble.retry_after == (
            7.0 if status in {429, 500, 502, 503, 401, 403, 404, 408, 410} else None
        )
    else:
        assert (sent.done, sent.refused[0].code, sent.trouble) == (1, code, None)


@pytest.mark.parametrize(
    ("behave", "codes"),
    [
        (receivers.reset, {"broken_off"}),
        (receivers.garbage, {"unexpected_answer"}),
        (receivers.hang, {"no_answer"}),
        (receivers.endless, {"broken_off"}),
    ],
    ids=["reset", "garbage", "hang", "endless"],
)
def test_what_is_no_answer(
    behave: Callable[[Any], None], codes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination_http, "TIMEOUT", 0.3)
    with receivers.raw(behave) as url:
        sent = webhook(url)
    assert sent.done == 0
    assert sent.trouble
    assert sent.trouble.code in codes, sent.trouble
    assert sent.trouble.error


def test_an_answer_nested_without_end_is_no_fault_of_the_event() -> None:
    with serving(lambda _asked: Answer(503, body=b"[" * 200_000)) as receiver:
        sent = webhook(receiver.url, [told()])
    assert sent.trouble
    assert (sent.trouble.code, sent.trouble.perhaps_event) == ("too_many", False)


def test_a_private_address_is_refused_and_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VEDETTE_ALLOW_PRIVATE_ADDRESSES")
    config.current.cache_clear()
    try:
        with serving(lambda _asked: Answer(204)) as receiver:
            sent = webhook(receiver.url)
            assert receiver.asked == []
        syslog = send("syslog", SYSLOG | {"port": 6514}, {}, [told()])
    finally:
        config.current.cache_clear()
    for found in (sent, syslog):
        assert found.trouble
        assert found.trouble.code == "private_address"
        assert "VEDETTE_ALLOW_PRIVATE_ADDRESSES" in found.trouble.error


SYSLOG = {"protocol": "tcp", "host": "127.0.0.1", "body": "json", "facility": "local0"}


def test_a_certificate_of_nobody_is_refused_until_its_authority_is_entered(tmp_path: Any) -> None:
    certificate = certificate_for(tmp_path)
    settings: dict[str, Any] = {"url": "", "index": "", "sourcetype": "", "authorities": ""}
    with serving(Collector(), certificate=certificate) as receiver:
        settings["url"] = receiver.url
        sent = send("splunk", settings, {"token": Collector.token}, [told()])
        assert sent.trouble
        assert sent.trouble.code == "certificate"
        settings["authorities"] = certificate[0].read_text()
        assert send("splunk", settings, {"token": Collector.token}, [told()]).done == 1


# -- Splunk ---------------------------------------------------------------------------------------------


@pytest.fixture
def collector() -> Iterator[tuple[Collector, Callable[..., Sent]]]:
    made = Collector()
    with serving(made) as receiver:

        def call(events: list[Told], token: str = Collector.token, **settings: Any) -> Sent:
            return send("splunk", {"url": f"{receiver.url}/", **settings}, {"token": token}, events)

        yield made, call


Called = tuple[Collector, Callable[..., Sent]]


def test_splunk_keeps_events_in_order_in_batches(collector: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    made, call = collector
    monkeypatch.setattr(hec, "MOST_BYTES", 2_000)
    assert call(several(30), index="mobile").done == 30
    assert [event["event"]["number"] for event in made.kept] == [f"n{number}" for number in range(30)]
    first = made.kept[0]
    assert (first["index"], first["sourcetype"], first["source"]) == ("mobile", "vedette:audit", "vedette")
    assert first["time"] == 1771581318.817


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "wrong"}, "unauthorized"),
        ({"index": "secret"}, "settings"),
        ({"acknowledgement": True}, "settings"),
    ],
    ids=["token", "index", "no acknowledgement"],
)
def test_splunk_s_own_codes(collector: Called, changes: dict[str, Any], code: str) -> None:
    _made, call = collector
    sent = call([told()], **changes)
    assert sent.trouble
    assert (sent.done, sent.trouble.code) == (0, code)


def test_splunk_that_is_busy_is_left_alone(collector: Called) -> None:
    made, call = collector
    made.busy = 1
    sent = call(several(2))
    assert sent.trouble
    assert (sent.done, sent.trouble.code, made.kept) == (0, "too_many", [])


def test_splunk_refuses_one_event_and_keeps_its_neighbours(collector: Called) -> None:
    made, call = collector
    made.refuses = '"n1"'
    sent = call(several(3))
    assert (sent.done, list(sent.refused), sent.trouble) == (3, [1], None)
    assert [event["event"]["number"] for event in made.kept] == ["n0", "n2"]


def test_splunk_s_acknowledgement_is_waited_for(collector: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    made, call = collector
    made.acknowledges, made.late = True, 2
    monkeypatch.setattr(hec, "ACK_EVERY", 0.01)
    assert call(several(2), acknowledgement=True).done == 2
    assert made.asked_for == 3
    made.late = 10_000
    monkeypatch.setattr(hec, "ACK_SECONDS", 0.05)
    sent = call(several(2), acknowledgement=True)
    assert sent.trouble
    assert (sent.done, sent.trouble.code) == (0, "not_acknowledged")


def test_what_is_no_collector_is_not_taken_for_one() -> None:
    with serving(lambda _asked: Answer(200, body=b"<html>welcome</html>")) as receiver:
        sent = send("splunk", {"url": receiver.url}, {"token": "t"}, [told()])
    assert sent.trouble
    assert sent.trouble.code == "unexpected_answer"


# -- Elasticsearch --------------------------------------------------------------------------------------


def elastic(url: str, events: list[Told], key: str = Cluster.key) -> Sent:
    return send("elastic", {"url": url, "data_stream": STREAM}, {"api_key": key}, events)


def test_elastic_keeps_each_event_once() -> None:
    cluster = Cluster()
    with serving(cluster) as receiver:
        assert elastic(receiver.url, several(3)).done == 3
        sent = elastic(receiver.url, several(4))
    assert (sent.done, sent.refused, sent.trouble) == (4, {}, None), "what is there already counts as told"
    assert len(cluster.documents) == 4


def rejecting(**by_number: tuple[int, str]) -> Callable[[dict[str, Any]], tuple[int, str] | None]:
    return lambda document: by_number.get(document["vedette"]["number"])


@pytest.mark.parametrize(
    ("wrong", "done", "refused", "code"),
    [
        ({"n1": (400, "document_parsing_exception")}, 4, [1], None),
        ({"n1": (429, "es_rejected_execution_exception")}, 1, [], "too_many"),
        ({"n2": (503, "unavailable_shards_exception"), "n0": (400, "x")}, 2, [0], "server_error"),
        ({"n0": (403, "security_exception")}, 0, [], "forbidden"),
        ({"n0": (404, "index_not_found_exception")}, 0, [], "settings"),
    ],
    ids=["mapping", "busy", "shards", "forbidden", "no stream"],
)
def test_elastic_s_items_have_an_outcome_each(
    wrong: dict[str, tuple[int, str]], done: int, refused: list[int], code: str | None
) -> None:
    with serving(Cluster(rejects=rejecting(**wrong))) as receiver:
        sent = elastic(receiver.url, several(4))
    assert (sent.done, list(sent.refused)) == (done, refused)
    assert (sent.trouble.code if sent.trouble else None) == code
    for why in sent.refused.values():
        assert "failed to parse (why)" in why.error


def test_elastic_that_does_not_know_the_key() -> None:
    with serving(Cluster()) as receiver:
        sent = elastic(receiver.url, several(2), key="wrong")
    assert sent.trouble
    assert sent.trouble.code == "unauthorized"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"items": []}', b'{"items": [{}, {}]}', b'{"items": [1, 2]}'])
def test_what_is_no_elastic_is_not_taken_for_one(body: bytes) -> None:
    with serving(lambda _asked: Answer(200, body=body)) as receiver:
        sent = elastic(receiver.url, several(2))
    assert sent.trouble
    assert (sent.done, sent.trouble.code) == (0, "unexpected_answer")


# -- Sentinel -------------------------------------------------------------------------------------------


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Azure, Callable[..., Sent]]]:
    made = Azure(str(uuid.uuid4()), str(uuid.uuid4()), columns=frozenset(name for name, _type in COLUMNS))
    with serving(made) as receiver:
        monkeypatch.setenv("VEDETTE_LOGIN_URL", receiver.url)
        config.current.cache_clear()
        settings = {
            "endpoint": receiver.url, "rule": made.rule, "stream": made.stream, "tenant": made.tenant,
            "client_id": made.client_id, "cloud": "public",
        }  # fmt: skip
        target = uuid.uuid4()

        def call(events: list[Told], secret: str = Azure.secret, **changes: Any) -> Sent:
            given = Target(target, target, "SOC", settings | changes, {"client_secret": secret})
            return KINDS["sentinel"].send(given, events, Budget(time.monotonic() + 30, threading.Event()))

        yield made, call
    config.current.cache_clear()


Ingested = tuple[Azure, Callable[..., Sent]]


def test_sentinel_gets_rows_in_calls_below_a_megabyte_with_one_token(azure: Ingested) -> None:
    made, call = azure
    heavy = several(40)
    for event in heavy:
        event.event["padding"] = "x" * 60_000  # type: ignore[index] # a dict of the sample's
    assert call(heavy).done == 40
    assert [row["EventId"] for row in made.rows] == [str(event.id) for event in heavy]
    assert len(made.sizes) > 2
    assert max(made.sizes) <= 1_000_000
    assert len(made.tokens) == 1


def test_sentinel_s_limit_is_heeded(azure: Ingested) -> None:
    made, call = azure
    made.throttle = 1
    sent = call(several(2))
    assert sent.trouble
    assert (sent.done, sent.trouble.code, sent.trouble.retry_after) == (0, "too_many", 37.0)
    assert call(several(2)).done == 2


def test_a_token_that_was_revoked_is_asked_for_anew(azure: Ingested) -> None:
    made, call = azure
    assert call(several(1)).done == 1
    made.tokens.append("revoked the other")
    assert call(several(1)).done == 1
    assert len(made.rows) == 2


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"secret": "wrong"}, "unauthorized", "AADSTS7000215"),
        ({"client_id": str(uuid.UUID(int=3))}, "unauthorized", "AADSTS700016"),
        ({"rule": "dcr-1"}, "not_found", "rule not found"),
    ],
    ids=["secret", "application", "rule"],
)
def test_what_entra_and_azure_refuse(azure: Ingested, changes: dict[str, Any], code: str, words: str) -> None:
    _made, call = azure
    sent = call([told()], **changes)
    assert sent.trouble
    assert sent.trouble.code == code
    assert words in sent.trouble.error


def test_sentinel_refuses_one_row_and_keeps_the_others(
    azure: Ingested, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, call = azure
    events = several(3)

    def odd(event: Told) -> dict[str, Any]:
        return row(event) | ({"Unknown": 1} if event.position == 1 else {})

    monkeypatch.setattr(ingestion, "row", odd)
    sent = call(events)
    assert (sent.done, list(sent.refused), len(made.rows)) == (3, [1], 2)


def test_secrets_are_in_no_error(azure: Ingested, collector: Called) -> None:
    _made, call = azure
    for sent in (call([told()], secret="very-secret"), collector[1]([told()], token="very-secret")):
        assert sent.trouble
        assert "very-secret" not in json.dumps([sent.trouble.error, sent.answer])


def test_an_event_is_known_again_by_its_id_signed_or_not() -> None:
    with serving(lambda _asked: Answer(204)) as receiver:
        event = told("AUDIT")
        assert webhook(receiver.url, [event]).done == 1
        (asked,) = receiver.asked
    assert asked.headers["webhook-id"] == str(event.id)
    assert asked.headers["webhook-signature"] is None
