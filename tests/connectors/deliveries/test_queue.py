"""Telling a destination: in order, at least once, and whatever happens to it alone."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.connectors.deliveries.desk import Desk, worker_that_dies
from tests.support.http_server import Answer, Asked, serving
from tests.support.world import ADA

from vedette.connectors import (
    destination_acts,
    destination_errors,
    destination_events,
    destination_queue,
    destination_runner,
    destination_test,
)
from vedette.connectors.destination_kinds import Sent, Trouble
from vedette.connectors.destination_models import DeadLetter
from vedette.connectors.mail.models import Notification
from vedette.events.reading import Logged
from vedette.foundation import clock, database

OK = Answer(204)


def ids(asked: list[Asked]) -> list[str]:
    return [request.headers["webhook-id"] for request in asked]


def test_events_are_told_in_order_and_each_once(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url)
        events = desk.happen(60)
        desk.tell(row)
        assert ids(receiver.asked) == [str(event.id) for event in events]
        desk.tell(row)
        assert len(receiver.asked) == 60
    after = desk.fresh(row)
    assert (after.position, after.delivered, after.lease_until) == (events[-1].position, 60, None)
    assert row.pk not in desk.due()


def test_what_a_worker_told_before_it_died_is_told_again(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url)
        events = desk.happen(3)
        with worker_that_dies(), pytest.raises(SystemExit):
            desk.tell(row)
        first = ids(receiver.asked)
        assert first == [str(event.id) for event in events]
        desk.tell(row)
        assert ids(receiver.asked) == first, "nobody takes it up while the lease stands"
        desk.change(row, lease_until=clock.now() - timedelta(seconds=1))
        assert row.pk in desk.due()
        desk.tell(row)
        # the same IDs, by which the receiver knows them again
        assert ids(receiver.asked) == first * 2


def test_a_result_after_its_lease_changes_nothing(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen(2)
        claimed = destination_queue.claim(desk.tenant_id, row.pk)
        assert claimed
        desk.change(row, lease_until=clock.now() - timedelta(seconds=1))
        desk.tell(row)
        settled = desk.fresh(row)
        assert not destination_queue.settle(claimed, Sent(0, trouble=Trouble("no_answer", "")))
        assert desk.fresh(row).attempts == settled.attempts == 0
        assert desk.fresh(row).position == settled.position


def test_a_failure_holds_back_what_is_behind_it_and_nothing_is_lost(desk: Desk) -> None:
    broken = {"now": True}

    def reply(_asked: Asked) -> Answer:
        return (
            Answer(503, headers={"Retry-After": "120"}) if broken["now"] and len(receiver.asked) > 2 else OK
        )

    with serving(reply) as receiver:
        row = desk.webhook(receiver.url)
        events = desk.happen(5)
        desk.tell(row)
        assert ids(receiver.asked) == [str(event.id) for event in events[:3]]
        failed = desk.fresh(row)
        assert (failed.position, failed.delivered, failed.attempts) == (events[2].position - 1, 2, 1)
        assert failed.due_at - clock.now() > timedelta(seconds=110), "Retry-After is heeded"
        assert failed.error_code == "too_many"
        assert row.pk not in desk.due()
        broken["now"] = False
        desk.again(row)
        assert ids(receiver.asked)[3:] == [str(event.id) for event in events[2:]]
    after = desk.fresh(row)
    assert (after.delivered, after.attempts, after.failing_since) == (5, 0, None)


def test_a_receiver_that_takes_some_at_a_time_is_not_left_alone_longer_and_longer(desk: Desk) -> None:
    with serving(lambda _asked: OK if len(receiver.asked) % 3 else Answer(429)) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen(8)
        for told in (2, 4, 6):
            desk.again(row)
            assert (desk.fresh(row).delivered, desk.fresh(row).attempts) == (told, 1)


def test_an_event_that_cannot_be_put_into_words_is_told_plainly(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shaped,) = destination_events._shapers

    def brittle(events: Sequence[Logged]) -> list[dict[str, Any]]:
        if any(event.type == "THREAT" for event in events):
            raise KeyError("classification")
        return shaped(events)

    monkeypatch.setattr(destination_events, "_shapers", [brittle])
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url)
        (fine,), odd = desk.happen(), desk.threat()
        desk.tell(row)
    assert ids(receiver.asked) == [str(fine.id), str(odd.id)]
    told, plain = (asked.json["data"] for asked in receiver.asked)
    assert told["audit"]["action"] == "policy.test_0"
    assert (plain["type"], plain["target"]["guid"]) == ("THREAT", odd.target_id)


def test_a_level_that_nobody_knows_holds_up_nothing(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url, level=4)
        events = [desk.threat(risk=99), desk.threat(risk=4)]
        desk.tell(row)
        assert ids(receiver.asked) == [str(event.id) for event in events]


def test_after_some_failures_one_event_is_tried_at_a_time(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen(5)
        desk.change(row, attempts=destination_queue.SINGLE_AFTER)
        claimed = destination_queue.claim(desk.tenant_id, row.pk)
        assert claimed
        assert len(claimed.batch.events) == 1


def test_an_event_that_always_fails_becomes_a_dead_letter_after_an_hour(desk: Desk) -> None:
    events = desk.happen(0)

    def reply(asked: Asked) -> Answer:
        return (
            Answer(500, body=b"cannot store it") if asked.headers["webhook-id"] == str(events[0].id) else OK
        )

    with serving(reply) as receiver:
        row = desk.webhook(receiver.url)
        events += desk.happen(3)
        for _ in range(destination_queue.POISON_ATTEMPTS):
            desk.again(row)
        assert desk.letters(row) == [], "not before an hour is over"
        desk.change(row, failing_since=clock.now() - destination_queue.POISON_AFTER)
        desk.again(row)
        (letter,) = desk.letters(row)
        assert letter.event_id == events[0].id
        assert "cannot store it" in letter.error
        desk.again(row)
    after = desk.fresh(row)
    assert (after.delivered, after.position, after.attempts) == (2, events[-1].position, 0)


def test_a_turn_in_which_nothing_was_sent_is_no_success(desk: Desk) -> None:
    row = desk.webhook("http://127.0.0.1:9/")
    desk.happen()
    desk.tell(row)
    desk.change(row, due_at=clock.now() - timedelta(seconds=1))
    claimed = destination_queue.claim(desk.tenant_id, row.pk)
    assert claimed
    assert destination_queue.settle(claimed, Sent(0))
    destination_errors.tell(desk.tenant_id, claimed.row, Sent(0))
    after = desk.fresh(row)
    assert (after.attempts, after.position) == (1, claimed.batch.events[0].position - 1)
    assert [error.code for error in desk.errors()] == ["unreachable"]


def test_an_outage_makes_no_dead_letters(desk: Desk) -> None:
    row = desk.webhook("http://127.0.0.1:9/")
    desk.happen(3)
    desk.change(row, attempts=50, failing_since=clock.now() - timedelta(days=2))
    desk.again(row)
    assert desk.letters(row) == []
    assert desk.fresh(row).error_code == "unreachable"


def test_what_is_refused_for_good_is_kept_and_the_rest_is_told(desk: Desk) -> None:
    refuse = {"now": True}

    def reply(asked: Asked) -> Answer:
        return Answer(422, body=b"no such field") if refuse["now"] and "test_1" in asked.body.decode() else OK

    with serving(reply) as receiver:
        row = desk.webhook(receiver.url)
        events = desk.happen(3)
        desk.tell(row)
        (letter,) = desk.letters(row)
        assert (letter.event_id, letter.code) == (events[1].id, "rejected")
        assert "no such field" in letter.error
        assert desk.fresh(row).delivered == 2
        (error,) = desk.errors()
        assert (error.connector, error.code, error.source) == ("webhook", "dead_letter", row.name)
        # refused once more, and then taken
        assert destination_acts.replay(desk.tenant_id, row, ADA) == 1
        desk.tell(row)
        (letter,) = desk.letters(row)
        assert (letter.attempts, letter.replay) == (2, False)
        refuse["now"] = False
        destination_acts.replay(desk.tenant_id, row, ADA, letter.pk)
        assert row.pk in desk.due()
        desk.tell(row)
        assert ids(receiver.asked)[-1] == str(events[1].id)
    assert desk.letters(row) == []
    assert desk.errors() == []


@pytest.mark.parametrize("status", [404, 422])
def test_what_a_receiver_says_is_kept_without_secrets_and_without_letters_that_cannot_be(
    desk: Desk, status: int
) -> None:
    secret = "/services/T0/B0/" + "x" * 24
    said = f"Cannot POST {secret}\0" + "," * 200 + secret
    with serving(lambda _asked: Answer(status, body=said.encode())) as receiver:
        row = desk.webhook(receiver.url + secret)
        desk.happen(1)
        desk.tell(row)
        tried = destination_test.test(row, ADA)
    kept = [desk.fresh(row).error, *(letter.error for letter in desk.letters(row))]
    kept += [str(error.words) for error in desk.errors()]
    assert tried.trouble
    for text in [*kept, tried.trouble.message]:
        assert "services" not in text
    assert any("Cannot POST …" in text for text in kept)


def test_there_is_a_most_of_dead_letters_and_the_rest_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination_queue, "MOST_LETTERS", 2)
    fine = {"now": False}
    with serving(lambda _asked: OK if fine["now"] else Answer(400, body=b"never")) as receiver:
        row = desk.webhook(receiver.url)
        events = desk.happen(5)
        desk.tell(row)
        assert [letter.event_id for letter in desk.letters(row)] == [event.id for event in events[:2]]
        full = desk.fresh(row)
        assert (full.position, full.error_code) == (events[1].position, "too_many_letters")
        fine["now"] = True
        destination_acts.replay(desk.tenant_id, row, ADA)
        desk.tell(row)
        told = ids(receiver.asked)
    assert desk.letters(row) == []
    assert set(told) >= {str(event.id) for event in events}


def test_discarding_the_last_dead_letter_ends_its_error(desk: Desk) -> None:
    with serving(lambda _asked: Answer(400)) as receiver:
        row = desk.webhook(receiver.url)
        desk.happen(2)
        desk.tell(row)
    first, _second = desk.letters(row)
    assert destination_acts.discard(desk.tenant_id, row, ADA, first.pk) == 1
    assert [error.code for error in desk.errors()] == ["dead_letter"]
    assert destination_acts.discard(desk.tenant_id, row, ADA) == 1
    assert desk.errors() == []


def test_a_lasting_error_is_mailed_once(desk: Desk, move_clock: Callable[[float], None]) -> None:
    row = desk.webhook("http://127.0.0.1:9/")
    desk.happen()
    for minutes in (0, 5, 11, 30):
        move_clock(minutes * 60)
        desk.again(row)
    with database.tenant(desk.tenant_id):
        assert [item.context["code"] for item in Notification.objects.filter(kind="error")] == ["unreachable"]
    (error,) = desk.errors()
    assert error.count == 4


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"types": ["THREAT"]}, ["high", "low", "away"]),
        ({"types": ["AUDIT"]}, ["audit"]),
        ({"level": 4}, ["high", "audit", "away"]),
        ({"level": 4, "types": ["THREAT"]}, ["high", "away"]),
        ({"groups": ["other"]}, ["audit", "away"]),
        ({"groups": ["own"]}, ["high", "low", "audit", "away"]),
    ],
    ids=["threats", "audit", "level", "level and type", "another group", "own group"],
)
def test_the_filter(desk: Desk, chosen: dict[str, Any], expected: list[str]) -> None:
    """`away` is about a phone that was deleted: told rather than lost."""
    device = desk.world.devices()[0]
    if "groups" in chosen:
        chosen = {"groups": [str(device.group_id) if chosen["groups"] == ["own"] else str(device.id)]}
    row = desk.webhook("http://127.0.0.1:9/", **chosen)
    written = {
        "high": desk.threat(4, device.id),
        "low": desk.threat(2, device.id),
        "audit": desk.happen()[0],
        "away": desk.threat(4),
    }
    names = {event.id: name for name, event in written.items()}
    assert [names[told.id] for told in desk.told(row)] == expected


def test_events_that_nobody_wants_are_passed_without_a_call(desk: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        row = desk.webhook(receiver.url, types=["THREAT"])
        desk.happen(10)
        desk.tell(row)
        assert receiver.asked == []
    assert desk.fresh(row).position == desk.head()


def test_one_that_hangs_delays_no_other(desk: Desk) -> None:
    go = threading.Event()

    def hang(_asked: Asked) -> Answer:
        go.wait(30)
        return OK

    stop = threading.Event()
    runner = threading.Thread(target=destination_runner.run, args=(stop,), daemon=True)
    with serving(hang) as slow, serving(lambda _asked: OK) as quick:
        desk.webhook(slow.url)
        sound = desk.webhook(quick.url)
        desk.happen(3)
        runner.start()
        try:
            assert soon(lambda: len(slow.asked) == 1 and desk.fresh(sound).delivered == 3)
            desk.happen(2)
            assert soon(lambda: desk.fresh(sound).delivered == 5)
            assert len(slow.asked) == 1, "one call at a time"
        finally:
            go.set()
            stop.set()
            runner.join(30)


def test_a_stranger_s_destination_hears_nothing_of_us(desk: Desk, stranger: Desk) -> None:
    with serving(lambda _asked: OK) as receiver:
        theirs = stranger.webhook(receiver.url)
        own = desk.webhook("http://127.0.0.1:9/")
        desk.happen(3)
        stranger.tell(theirs)
        assert receiver.asked == []
        destination_runner.deliver_due(stranger.tenant_id, own.pk)
    assert desk.fresh(own).attempts == 0
    with database.tenant(stranger.tenant_id):
        assert not DeadLetter.objects.exists()


def test_pauses_grow_with_chance_and_end_at_a_quarter_of_an_hour() -> None:
    for attempts in range(1, 40):
        longest = min(900.0, 2.0 * 2 ** (attempts - 1))
        assert longest / 2 <= destination_queue.pause(attempts) <= longest
    assert destination_queue.pause(1, retry_after=60) >= 60
    assert len({destination_queue.pause(5) for _ in range(20)}) > 1


def soon(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return False
