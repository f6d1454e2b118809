"""The stream: framing, from where it goes on, and that nothing is lost whatever ends."""

import datetime as dt
import itertools
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from django.db import connections
from tests.api.mobile_risk.listening import PATIENCE, Reader, all_ids, happen
from tests.support.database import Database
from tests.support.risk_api import Program, Service, free_port, make_key, serving
from tests.support.world import ADA, World

from vedette.api.mobile_risk import stream
from vedette.events import reading
from vedette.events.log import Draft, Target, emit
from vedette.foundation import database
from vedette.tenants import access_tokens, application_keys
from vedette.tenants.access_tokens import Token
from vedette.tenants.application_keys import Scope
from vedette.tenants.models import ApplicationKey


@pytest.fixture
def service(database: Database, world: World) -> Iterator[Service]:
    """A fresh one for each test: it remembers the newest events of a log that tests put back."""
    assert world
    with serving(database.login_url) as running:
        yield running


ROUNDS = 16
"""Of a megabyte each: more than the buffers of two kernels and the service's patience hold together."""


def open_stream(program: Program, headers: Any = None, **parameters: str) -> Any:
    return closing(Reader(program, parameters, headers or {}))


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in events]


def until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are promised one every five seconds (reference/lookout.md 2.4); nobody waits for them here."""
    assert stream.HEARTBEAT_SECONDS < 5
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.5)


@pytest.mark.usefixtures("quick_heartbeat")
def test_what_is_on_the_wire(program: Program, world: World) -> None:
    last = all_ids(world)[-1]
    with open_stream(program) as reader:
        assert reader.status == 200
        assert reader.answer["content-type"] == "text/event-stream"
        assert reader.answer["transfer-encoding"] == "chunked"
        assert reader.answer["cache-control"] == "no-cache"
        assert reader.answer["x-accel-buffering"] == "no"
        hello = reader.hello()
        assert hello.fields == {"id": last, "retry": "2000", "event": "heartbeat", "data": "{}"}
        (made,) = happen(world)
        message = next(reader.messages())
        assert message.raw.startswith(f"id:{made}\nevent:events\ndata:{{".encode())
        assert ids(message.events) == [made]
        assert list(json.loads(message.fields["data"])) == ["events"]
        assert next(reader.messages()).raw == b"event:heartbeat\ndata:{}\n\n"


# name: what the client sends, made from the ID it saw last
DIALECTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "id": lambda last: {"id": last},
    "last_id": lambda last: {"last_id": last},
    "header": lambda last: {"headers": {"Last-Event-ID": last}},
    "header before an old id": lambda last: {"headers": {"Last-Event-ID": last}, "id": str(uuid.uuid4())},
    "empty id and last_id": lambda last: {"id": "", "last_id": last, "types": "", "type": ""},
    "zero and last_id": lambda last: {"id": "0", "last_id": last},
    "id before a time": lambda last: {"id": last, "start_time": "2020-01-01T00:00:00Z"},
    "empty header": lambda last: {"headers": {"Last-Event-ID": ""}, "id": last},
}


def test_every_dialect_resumes_behind_what_it_saw(program: Program, world: World) -> None:
    everything = all_ids(world)
    for name, ask in DIALECTS.items():
        for at in (0, len(everything) // 2, len(everything) - 2):
            with open_stream(program, **ask(everything[at])) as reader:
                found = ids(reader.events(len(everything) - at - 1))
                assert found == everything[at + 1 :], name


FRESH: dict[str, dict[str, Any]] = {
    "nothing": {},
    "zero": {"id": "0"},
    "empty": {"id": "", "last_id": "", "types": "", "start_time": ""},
    "null": {"last_id": "null"},
    "header": {"headers": {"Last-Event-ID": "0"}},
    "types": {"types": "THREAT,DEVICE,AUDIT", "id": "0"},
    "type": {"type": "AUDIT"},
    "unknown parameter": {"nonsense": "1"},
}


def test_who_names_no_position_begins_now(program: Program, world: World) -> None:
    for name, given in FRESH.items():
        with open_stream(program, **given) as reader:
            reader.hello()
            made = happen(world)
            assert ids(reader.events(1)) == made, name


@pytest.mark.usefixtures("quick_heartbeat")
def test_types_are_chosen(program: Program, world: World) -> None:
    start = {"start_time": "2020-01-01T00:00:00+00:00"}
    for name, types in (("types", "THREAT"), ("type", "DEVICE,threat"), ("types", "DEVICE, AUDIT")):
        wanted = tuple(word.strip().upper() for word in types.split(","))
        expected = all_ids(world, wanted)
        with open_stream(program, **{name: types}, **start) as reader:
            assert ids(reader.events(len(expected))) == expected
    with open_stream(program, types="SMISHING_ALERT", **start) as reader:
        assert reader.hello().kind == "heartbeat"
        happen(world)
        assert next(reader.messages()).kind == "heartbeat"


def test_a_time_says_where_to_begin(program: Program) -> None:
    everything = program.read("/mra/api/v2/events")["events"]
    middle = everything[len(everything) // 2]["created_time"]
    expected = [event["id"] for event in everything if event["created_time"] >= middle]
    for text in (middle, middle.replace("+00:00", "Z"), middle.replace("+", " ")):
        with open_stream(program, start_time=text) as reader:
            found = ids(reader.events(len(expected)))
            assert found[-len(expected) :] == expected


def at(moment: dt.datetime) -> uuid.UUID:
    return uuid.UUID(int=reading.id_at(moment).int | uuid.uuid4().int & ((1 << 62) - 1))


def test_ten_days_are_replayed(program: Program, world: World, db: Database) -> None:
    """Old events are there; an ID of ours resumes exactly however old, a time reaches back ten days."""
    now = dt.datetime.now(dt.UTC)
    ages = [12.0, 11.0, 9.9, 9.0, 0.5]
    made = happen(world, len(ages))
    # nobody but the owner can change events
    with db.owner() as owner:
        for age, event in zip(ages, made, strict=True):
            moment = now - dt.timedelta(days=age)
            owner.execute(
                "update events_event set id = %s, occurred_at = %s where id = %s", [at(moment), moment, event]
            )
    old = all_ids(world)[-len(ages) :]
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"id": old[0]}, old[1:]),
        ({"start_time": "2001-01-01T00:00:00Z"}, old[2:]),
        ({"id": str(at(now - dt.timedelta(days=400)))}, old[2:]),
        ({"id": str(uuid.uuid4())}, old[2:]),
        ({"id": str(at(now - dt.timedelta(days=9.5)))}, old[3:]),
    ]
    for given, expected in cases:
        with open_stream(program, types="AUDIT", **given) as reader:
            found = [event for event in ids(reader.events(len(expected))) if event in old]
            assert found == expected, given


REFUSED: list[tuple[dict[str, str], int]] = [
    ({"types": "PHONES"}, 400),
    ({"id": "seven"}, 400),
    ({"start_time": "tomorrow"}, 400),
]


def test_what_is_refused(program: Program, world: World) -> None:
    for given, status in REFUSED:
        answer = program.get("/mra/stream/v2/events", **given)
        assert (answer.status_code, set(answer.json())) == (status, {"error", "request-id"})
    nobody = Program(program.service, "", "no token")
    assert nobody.get("/mra/stream/v2/events").status_code == 401
    narrow = Program(program.service, make_key(world, Scope.RISK).key)
    assert narrow.get("/mra/stream/v2/events").status_code == 403


def test_a_stranger_hears_nothing_of_it(program: Program, stranger: Program, world: World) -> None:
    other = stranger.read("/mra/api/v2/events")["events"][0]["enterprise_guid"]
    mine = all_ids(world)
    # an ID of another tenant says when at most
    with open_stream(stranger, id=mine[0]) as theirs, open_stream(program) as ours:
        ours.hello()
        made = happen(world, 3)
        assert ids(ours.events(3)) == made
        happen(World(uuid.UUID(other)))
        heard = theirs.events(1)
        assert {event["enterprise_guid"] for event in heard} == {other}


def test_revoking_the_key_ends_its_streams(program: Program, world: World) -> None:
    with open_stream(program) as reader:
        reader.hello()
        with database.writer(world.tenant_id):
            application_keys.revoke(ApplicationKey.objects.get(), ADA)
        kinds = [message.kind for message in reader.messages()]
        assert kinds[-1] == "end"
    assert program.get("/mra/stream/v2/events").status_code == 401


def test_a_token_that_expires_ends_the_stream_with_the_wish_to_come_back(
    program: Program, world: World
) -> None:
    with database.tenant(world.tenant_id):
        key = ApplicationKey.objects.get()
    short = Token(world.tenant_id, key.id, 0, tuple(key.scopes), int(time.time()) + 5)
    brief = Program(program.service, program.key, access_tokens.issue(short))
    with open_stream(brief) as reader:
        made = happen(world, 2)
        last = list(reader.messages())
        assert last[-1].fields == {"retry": "2000", "event": "reconnect", "data": "{}"}
    assert brief.get("/mra/stream/v2/events").status_code == 401
    fresh = Program(program.service, program.key)
    with open_stream(fresh, id=made[0]) as reader:
        assert ids(reader.events(1)) == made[1:]


def test_a_key_may_have_so_many_streams(database: Database, world: World) -> None:
    with serving(database.login_url, streams_per_key=2) as service:
        program, other = (Program(service, make_key(world).key) for _ in range(2))
        with open_stream(program) as first, open_stream(program) as second:
            first.hello()
            second.hello()
            refused = program.get("/mra/stream/v2/events")
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) > 0
            with open_stream(other) as third:
                assert third.status == 200
        until(lambda: reconnects(program), "a closed stream counts no more")


def reconnects(program: Program) -> bool:
    with open_stream(program) as reader:
        return bool(reader.status == 200)


def test_nothing_is_lost_across_processes_restarts_and_twelve_writers(
    database: Database, world: World
) -> None:
    """A reader that resumes with its last ID at the one or the other process gets all, in order, once or more."""
    each, writers = 20, 12
    key, port = make_key(world).key, free_port()
    start = all_ids(world)[-1]
    seen: list[str] = []
    enough = threading.Event()

    def write() -> None:
        # on until the readers have had their turns: one message may bring all that was written so far
        try:
            for turn in itertools.count():
                with_writer(world, turn)
                if turn >= each and enough.wait(0.05):
                    break
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, daemon=True) for _ in range(writers)]
    with serving(database.login_url) as steady:
        for thread in threads:
            thread.start()
        for turn in range(4):
            with serving(database.login_url, port) as restarted:
                for service in (restarted, steady):
                    last = seen[-1] if seen else start
                    with open_stream(Program(service, key), id=last) as reader:
                        seen += ids(reader.events(1 + turn * 3))
        enough.set()
        for thread in threads:
            thread.join(PATIENCE)
        expected = all_ids(world)
        expected = expected[expected.index(start) + 1 :]
        with open_stream(Program(steady, key), id=seen[-1]) as reader:
            seen += ids(reader.events(len(expected) - len(seen)))
    assert len(expected) > each * writers
    assert seen == expected


def with_writer(world: World, turn: int) -> None:
    with database.writer(world.tenant_id):
        emit(Draft(f"test.{turn}", actor=ADA, target=Target("tenant", "x")))


def test_the_end_of_the_service_is_told_to_every_reader(database: Database, world: World) -> None:
    readers = []
    with serving(database.login_url) as service:
        program = Program(service, make_key(world).key)
        for _ in range(5):
            readers.append(Reader(program))
            readers[-1].hello()
        began = time.monotonic()
    assert time.monotonic() - began < 20
    for reader in readers:
        assert [message.kind for message in reader.messages()][-1] == "reconnect"
        reader.close()


def test_a_reader_that_takes_nothing_is_dropped_and_harms_nobody(program: Program, world: World) -> None:
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.settimeout(PATIENCE)
    host, port = program.service.url.removeprefix("http://").split(":")
    stuck.connect((host, int(port)))
    lines = f"Host: x\r\nAuthorization: Bearer {program.token}\r\n"
    stuck.sendall(f"GET /mra/stream/v2/events HTTP/1.1\r\n{lines}\r\n".encode())
    with open_stream(program) as lively:
        lively.hello()
        for _ in range(ROUNDS):
            made = happen(world, 25, text="x" * 40_000)
            assert ids(lively.events(25)) == made
    # nobody can say it more: the connection ends behind what the kernel held, or in a reset
    heard = b""
    with closing(stuck), suppress(ConnectionResetError):
        while part := stuck.recv(1 << 16):
            heard += part
    assert len(heard) < ROUNDS * 1_000_000


def test_a_reader_that_left_is_forgotten(program: Program, world: World) -> None:
    for _ in range(3):
        with open_stream(program) as reader:
            reader.hello()
    made = happen(world)
    with open_stream(program, start_time="2020-01-01T00:00:00Z") as reader:
        assert ids(reader.events(len(all_ids(world))))[-1] == made[0]
