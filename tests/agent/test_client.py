import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from starlette.responses import Response
from tests.support.device_service import Service, captive_portal, error, facts

from vedette_agent.client import AgentClient, BadAddress, NotEnrolled, checked_address
from vedette_agent.collect import enroll_device
from vedette_agent.store import FileStore, MemoryStore, Store
from vedette_agent.transport import Offline, Patience, Refused, Transport, retry_after
from vedette_facts.protocol import Activated, DeviceStatus, Waiting

CODE = "7KQF-9XPM-2WTD"
T0 = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
T = TypeVar("T")


class Bench:
    """One phone whose clock and patience the test owns."""

    def __init__(self, service: Service, store: Store) -> None:
        self.service = service
        self.store = store
        self.now = dt.datetime.now(dt.UTC)
        self.waited: list[float] = []
        self.attempts = 4

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += dt.timedelta(seconds=seconds)

    def run(self, work: Callable[[AgentClient], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with httpx.AsyncClient(timeout=5) as http:
                transport = Transport(http, Patience(self.attempts), now=lambda: self.now, sleep=self.sleep)
                return await work(AgentClient(self.store, transport, max_queue=5))

        return asyncio.run(inside())

    def enroll(self, code: str = CODE, url: str | None = None) -> Activated | Waiting:
        return self.run(
            lambda client: client.enroll(url or self.service.url, code, enroll_device(facts(), "Ada's phone"))
        )

    def check_in(self, at: dt.datetime | None = None, **changes: Any) -> Any:
        return self.run(lambda client: client.check_in(facts(**changes), at))

    @property
    def sent(self) -> list[Any]:
        return next(iter(self.service.phones.values())).received


@pytest.fixture(params=["memory", "files"])
def bench(request: pytest.FixtureRequest, service: Service, tmp_path: Any) -> Bench:
    return Bench(service, MemoryStore() if request.param == "memory" else FileStore(tmp_path / "agent"))


@pytest.fixture
def activated(bench: Bench) -> Bench:
    assert isinstance(bench.enroll(), Activated)
    return bench


def test_enrolling_binds_a_key_that_was_made_here(bench: Bench) -> None:
    answer = bench.enroll()
    assert isinstance(answer, Activated)
    identity = bench.store.identity()
    assert identity is not None
    assert answer.key_id == identity.key_id == identity.private_key.key_id
    assert bench.store.enrolment() is None
    assert "…" in repr(identity)
    assert identity.private_key.d not in repr(identity)


def test_a_lost_answer_to_enroll_costs_nothing(bench: Bench) -> None:
    bench.service.script = ["lose the answer"]
    assert isinstance(bench.enroll(), Activated)
    assert len(bench.service.phones) == 1


def test_a_crash_between_question_and_answer_keeps_the_key(bench: Bench) -> None:
    bench.attempts, bench.service.script = 1, ["lose the answer"]
    with pytest.raises(Offline):
        bench.enroll()
    assert bench.store.identity() is None
    assert isinstance(bench.enroll(), Activated)
    assert len(bench.service.phones) == 1


def test_waiting_keeps_the_key_and_the_next_opening_activates(bench: Bench) -> None:
    bench.service.waiting = True
    first = bench.enroll()
    assert isinstance(first, Waiting)
    assert first.reason == "not_in_enrollment_group"
    with pytest.raises(NotEnrolled):
        bench.check_in()
    bench.service.waiting = False
    second = bench.run(lambda client: client.resume())
    assert isinstance(second, Activated)
    assert second.key_id == first.key_id
    assert bench.run(lambda client: client.resume()) is None


@pytest.mark.parametrize("code", ["unknown_code", "expired_code", "used_code"])
def test_a_code_that_does_not_work_is_forgotten(bench: Bench, code: str) -> None:
    bench.service.script = [code]
    with pytest.raises(Refused) as caught:
        bench.enroll()
    assert caught.value.code == code
    assert bench.store.enrolment() is None


def test_enrolling_again_makes_a_new_identity_only_when_it_works(activated: Bench) -> None:
    before = activated.store.identity()
    with pytest.raises(Refused):
        activated.enroll("AAAA-AAAA-AAAA")
    assert activated.store.identity() == before
    activated.check_in()
    activated.service.codes["BBBB-BBBB-BBBB"] = ""
    activated.enroll("BBBB-BBBB-BBBB")
    after = activated.store.identity()
    assert after is not None
    assert before is not None
    assert after.key_id != before.key_id
    assert activated.store.state().sequence == 0
    activated.check_in()
    assert len(activated.service.phones) == 2


def test_facts_are_sent_once_and_then_unchanged(activated: Bench) -> None:
    for root in (None, None, True, True):
        outcome = activated.check_in(root=root)
        assert outcome.answer.state.state == "secured"
    assert [report.has_facts for report in activated.sent] == [True, False, True, False]
    assert [report.sequence for report in activated.sent] == [1, 2, 3, 4]
    assert activated.store.state().check_in_seconds == 1800


def test_the_service_may_ask_for_the_facts_again(activated: Bench) -> None:
    activated.check_in()
    next(iter(activated.service.phones.values())).digest = None
    activated.check_in()
    assert [report.has_facts for report in activated.sent] == [True, True]
    assert [report.sequence for report in activated.sent] == [1, 2]


def test_a_lost_answer_to_a_report_is_a_duplicate_and_not_a_second_report(activated: Bench) -> None:
    activated.service.script = ["lose the answer"]
    outcome = activated.check_in()
    assert outcome.answer.duplicate
    assert len(activated.sent) == 1


def test_offline_reports_keep_time_order_and_numbers(activated: Bench) -> None:
    activated.attempts = 1
    activated.service.script = [Response("down", 502) for _ in range(3)]
    times = [T0 + dt.timedelta(hours=step) for step in range(3)]
    for at, root in zip(times, (False, True, True), strict=True):
        with pytest.raises(Offline):
            activated.check_in(at, root=root)
    outcome = activated.check_in(T0 + dt.timedelta(hours=3), root=False)
    assert (outcome.accepted, outcome.queued) == (4, 0)
    assert [report.observed_at for report in activated.sent] == [*times, T0 + dt.timedelta(hours=3)]
    assert [report.sequence for report in activated.sent] == [1, 2, 3, 4]
    assert [report.has_facts for report in activated.sent] == [True, True, False, True]


def test_a_service_that_is_not_there_is_tried_again_and_then_offline() -> None:
    lonely = Bench(Service(url="http://127.0.0.1:9"), MemoryStore())
    lonely.attempts = 2
    with pytest.raises(Offline, match="could not be reached"):
        lonely.enroll()
    assert len(lonely.waited) == 1


@pytest.mark.parametrize("code", ["busy", "unavailable"])
def test_retry_after_is_honoured(activated: Bench, code: str) -> None:
    activated.service.script = [error(code, retry_after="7"), error(code, retry_after="3")]
    assert activated.check_in().accepted == 1
    assert activated.waited[0] >= 7
    assert activated.waited[1] >= 3


def test_a_long_retry_after_is_kept_over_the_next_start(activated: Bench) -> None:
    activated.service.script = [error("busy", retry_after="600")]
    with pytest.raises(Offline) as caught:
        activated.check_in()
    assert caught.value.retry_at is not None
    asked = activated.service.requests
    with pytest.raises(Offline, match="asked to wait until"):
        activated.check_in()
    assert activated.service.requests == asked
    activated.now += dt.timedelta(seconds=601)
    assert activated.check_in().accepted == 3


def test_a_captive_portal_loses_nothing(activated: Bench) -> None:
    activated.service.script = [captive_portal()]
    with pytest.raises(Offline, match="sign in first"):
        activated.check_in()
    assert activated.check_in().accepted == 2


def test_one_bad_report_does_not_block_the_others(activated: Bench) -> None:
    activated.attempts = 1
    activated.service.script = [Response("down", 502), error("malformed")]
    with pytest.raises(Offline):
        activated.check_in(root=True)
    with pytest.raises(Refused) as caught:
        activated.check_in(root=False)
    assert caught.value.code == "malformed"
    assert [report.sequence for report in activated.sent] == [2]
    assert activated.store.queue.entries() == []


@pytest.mark.parametrize("code", ["unknown_key", "bad_signature", "wrong_audience"])
def test_a_refused_identity_keeps_the_reports(activated: Bench, code: str) -> None:
    activated.service.script = [code]
    with pytest.raises(Refused) as caught:
        activated.check_in()
    assert caught.value.code == code
    assert len(activated.store.queue.entries()) == 1
    assert activated.check_in().accepted == 2


def test_a_retired_identity_stops_asking(activated: Bench) -> None:
    next(iter(activated.service.phones.values())).retired = True
    with pytest.raises(Refused) as caught:
        activated.check_in()
    assert caught.value.code == "retired_identity"
    asked = activated.service.requests
    for call in (activated.check_in, lambda: activated.run(lambda client: client.status())):
        with pytest.raises(NotEnrolled, match="retired"):
            call()
    assert activated.service.requests == asked


def test_a_home_from_a_backup_counts_on_from_the_services_number(activated: Bench) -> None:
    phone = next(iter(activated.service.phones.values()))
    phone.reports[40] = b"another report"
    outcome = activated.check_in()
    assert outcome.accepted == 1
    assert activated.sent[-1].sequence == 41
    assert activated.check_in().accepted == 1
    assert activated.sent[-1].sequence == 42


def test_the_number_is_kept_before_anything_is_sent(activated: Bench) -> None:
    activated.service.script = [Response("down", 500)] * 4
    with pytest.raises(Offline):
        activated.check_in()
    assert activated.store.state().sequence == 1


def test_a_full_queue_drops_what_says_nothing_new(activated: Bench) -> None:
    activated.attempts = 1
    activated.service.script = [Response("down", 502) for _ in range(7)]
    for root in (False, False, False, True, True, None, None):
        with pytest.raises(Offline):
            activated.check_in(root=root)
    assert [entry.sequence for entry in activated.store.queue.entries()] == [1, 4, 5, 6, 7]
    assert activated.store.state().dropped == 2
    assert activated.check_in(root=None).accepted == 5


def test_clock_skew_is_remembered(activated: Bench) -> None:
    activated.now -= dt.timedelta(hours=3)
    activated.check_in()
    assert activated.store.state().clock_skew_seconds == pytest.approx(3 * 3600, abs=60)


def test_status_tells_the_threats(activated: Bench) -> None:
    activated.service.state = DeviceStatus(state="high", blocked=True)
    assert activated.run(lambda client: client.status()).state == "high"
    last = activated.store.state().last_status
    assert last is not None
    assert last.blocked


def test_without_an_identity_nothing_is_sent(bench: Bench) -> None:
    with pytest.raises(NotEnrolled, match="activation code"):
        bench.check_in()
    assert bench.service.requests == 0


def test_a_thousand_phones_fit_in_one_loop(service: Service) -> None:
    async def all_of_them() -> int:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=10), timeout=30) as http:
            clients = [AgentClient(MemoryStore(), Transport(http)) for _ in range(100)]
            device = enroll_device(facts())
            await asyncio.gather(
                *(client.enroll(service.url, f"CODE-{n}", device) for n, client in enumerate(clients))
            )
            outcomes = await asyncio.gather(*(client.check_in(facts()) for client in clients))
            return sum(outcome.accepted for outcome in outcomes)

    service.codes = {f"CODE-{n}": "" for n in range(100)}
    assert asyncio.run(all_of_them()) == 100
    assert len(service.phones) == 100


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://vedette.example.com/", "https://vedette.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" http://localhost ", "http://localhost"),
        ("http://vedette.example.com", None),
        ("ftp://127.0.0.1", None),
        ("vedette.example.com", None),
        ("https://", None),
    ],
)
def test_only_addresses_that_keep_reports_private_are_used(address: str, good: str | None) -> None:
    if good is None:
        with pytest.raises(BadAddress):
            checked_address(address)
    else:
        assert checked_address(address) == good


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("999999", 86400),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("Sun, 01 Mar 2026 08:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 07:00:00 GMT", 0),
        ("9" * 400, 0),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float) -> None:
    assert retry_after(httpx.Response(429, headers={"Retry-After": header}), T0) == seconds
