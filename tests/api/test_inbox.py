"""The pure rule of the inbox, the clock's correction, and the queue before the database."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.api.device.answers import ProblemError
from vedette.api.device.batch import Batcher
from vedette.api.device.check_in import corrected
from vedette.api.device.inbox import Arrival, Held, Verdict, judge
from vedette.api.device.status import refuse_stale

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FACTS = msgspec.Raw(b"{}")


def arrival(sequence: int = 5, digest: str = "d", facts: msgspec.Raw | None = FACTS) -> Arrival:
    return Arrival("k", sequence, b"print", digest, facts, NOW, NOW, 0.0)


def held(**more: object) -> Held:
    given: dict[str, object] = {
        "key_id": "k", "tenant_id": uuid.uuid4(), "device_id": uuid.uuid4(), "last_sequence": 4,
        "last_fingerprint": b"before", "last_digest": "old", "retired": False, "activation": "ACTIVATED",
        "deactivation_reason": "", "disconnected": False,
    }  # fmt: skip
    return Held(**(given | more))  # type: ignore[arg-type] # a table of changes


@pytest.mark.parametrize(
    ("report", "known", "stored", "verdict"),
    [
        (arrival(), None, None, Verdict("unknown_key")),
        (arrival(), held(retired=True), None, Verdict("retired_identity")),
        (arrival(), held(), None, Verdict(store=True)),
        (arrival(digest="old"), held(), None, Verdict(store=False)),
        (arrival(digest="old", facts=None), held(), None, Verdict(store=False)),
        (arrival(digest="new", facts=None), held(), None, Verdict("facts_needed")),
        (arrival(digest="old", facts=None), held(disconnected=True), None, Verdict(store=True)),
        (arrival(digest="old", facts=None), held(activation="PENDING"), None, Verdict(store=True)),
        (arrival(), held(activation="DEACTIVATED"), None, Verdict(store=False)),
        (arrival(facts=None), held(activation="DEACTIVATED"), None, Verdict(store=False)),
        (
            arrival(),
            held(activation="DEACTIVATED", deactivation_reason="replaced"),
            None,
            Verdict(store=True),
        ),
        (arrival(4), held(last_fingerprint=b"print"), None, Verdict(duplicate=True)),
        (arrival(4), held(), None, Verdict("sequence_reused", last_sequence=4)),
        (arrival(2), held(), b"print", Verdict(duplicate=True)),
        (arrival(2), held(), b"other", Verdict("sequence_reused", last_sequence=4)),
        (arrival(2), held(), None, Verdict("sequence_reused", last_sequence=4)),
    ],
)
def test_what_becomes_of_a_report(
    report: Arrival, known: Held | None, stored: bytes | None, verdict: Verdict
) -> None:
    assert judge(report, known, stored) == verdict


@given(
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2199, 12, 31), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - Hypothesis adds the zone
    st.floats(-1e9, 1e9),
)
def test_a_corrected_time_is_never_in_the_future_nor_absurdly_old(observed: dt.datetime, skew: float) -> None:
    found = corrected(observed, skew, NOW)
    assert NOW - dt.timedelta(days=3650) <= found <= NOW


@pytest.mark.parametrize(
    ("late", "skew", "fine"),
    [
        (0, 0, True), (599, 0, True), (601, 0, False), (-601, 0, False),
        (3600, 3600, True), (3600, 0, False), (0, 3600, True), (7200, 3600, False),
    ],
)  # fmt: skip
def test_the_window_of_a_status_request(late: float, skew: float, *, fine: bool) -> None:
    sent_at = NOW - dt.timedelta(seconds=late)
    if fine:
        refuse_stale(sent_at, skew, NOW)
    else:
        with pytest.raises(ProblemError):
            refuse_stale(sent_at, skew, NOW)


def test_what_gathers_while_a_batch_is_under_way_goes_together() -> None:
    batches: list[list[str]] = []

    async def work(items: Sequence[str]) -> list[str]:
        batches.append(list(items))
        await asyncio.sleep(0.02)
        return [item.upper() for item in items]

    async def run() -> list[str]:
        batcher = Batcher(work, key=lambda item: item[0], most=3)
        batcher.start()
        answers = await asyncio.gather(*(batcher.ask(item) for item in ["a1", "a2", "b1", "c1", "d1", "a3"]))
        await batcher.stop()
        return answers

    assert asyncio.run(run()) == ["A1", "A2", "B1", "C1", "D1", "A3"]
    # two of one key never share a batch, and keep their order
    assert batches == [["a1", "b1", "c1"], ["a2", "d1"], ["a3"]]


def test_a_full_queue_says_busy_by_number_and_by_weight() -> None:
    async def never(items: Sequence[int]) -> list[int]:
        await asyncio.sleep(60)
        return list(items)

    async def run() -> tuple[int, list[str]]:
        batcher = Batcher(never, room=3, room_weight=100)
        waiting = [asyncio.create_task(batcher.ask(n, 30)) for n in range(3)]
        await asyncio.sleep(0)
        codes = []
        for weight in (1, 90):
            with pytest.raises(ProblemError) as problem:
                await batcher.ask(9, weight)
            codes.append((problem.value.code, problem.value.retry_after))
        batcher.start()
        await asyncio.sleep(0.01)
        await batcher.stop()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        return len(codes), [error.code for error in ended if isinstance(error, ProblemError)]

    assert asyncio.run(run()) == (2, ["unavailable"] * 3)


def test_a_batch_that_fails_tells_everybody_and_the_next_one_works() -> None:
    calls = 0

    async def work(items: Sequence[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("database gone")
        return list(items)

    async def run() -> None:
        batcher = Batcher(work)
        batcher.start()
        with pytest.raises(ProblemError) as problem:
            await batcher.ask(1)
        assert problem.value.code == "unavailable"
        assert await batcher.ask(2) == 2
        await batcher.stop()

    asyncio.run(run())
