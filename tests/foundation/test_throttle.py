"""When calls may go out: costs, windows, slowing down, refusals; and circuits that open and close."""

import random
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.foundation import circuit, config
from vedette.foundation.circuit import FAILURES, FIRST_PAUSE, Circuit
from vedette.foundation.graph_cost import Charge, charge
from vedette.foundation.throttle import CROWDED, SLACK_SECONDS, Limiter, Patience, Window

READ = Charge("identity", 1, 0)
WRITE = Charge("identity", 1, 1)
LATER = Patience(first_wait=10.0, longest_wait=60.0)


@pytest.mark.parametrize(
    ("method", "address", "expected"),
    [
        ("GET", "/v1.0/devices/x", Charge("identity", 1, 0)),
        ("PATCH", "/v1.0/devices/x", Charge("identity", 1, 1)),
        ("GET", "https://graph.microsoft.com/v1.0/groups/x/members?$top=999", Charge("identity", 3, 0)),
        (
            "GET",
            "/v1.0/groups/x/transitiveMembers/microsoft.graph.group?$select=id",
            Charge("identity", 4, 0),
        ),
        ("GET", "/v1.0/users?%24select=id&%24top=5", Charge("identity", 1, 0)),
        ("GET", "/v1.0/devices?$expand=registeredOwners($select=id)", Charge("identity", 2, 0)),
        ("POST", "/v1.0/users/x/checkMemberGroups", Charge("identity", 4, 0)),
        ("POST", "/v1.0/groups/x/members/$ref", Charge("identity", 1, 1)),
        ("GET", "/v1.0/deviceManagement/managedDevices?$expand=x", Charge("intune", 1, 0)),
        ("GET", "/v1.0/users/x/managedDevices", Charge("intune", 1, 0)),
        ("POST", "/beta/deviceManagement/managedDevices/x/syncDevice", Charge("intune", 1, 1)),
        ("GET", "/v1.0/identity/conditionalAccess/policies", Charge("policy", 1, 0)),
        ("POST", "/v1.0/identityProtection/riskyUsers/dismiss", Charge("policy", 1, 1)),
    ],
)
def test_what_a_call_is_counted_for(method: str, address: str, expected: Charge) -> None:
    assert charge(method, address) == expected


@given(st.lists(st.floats(0, 0.4), max_size=60), st.integers(1, 9))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float], cost: int) -> None:
    window, now, sent = Window(10, 1.0), 0.0, []
    for pause in pauses:
        now = window.opens_at(cost, now + pause)
        window.spend(cost, now)
        sent.append(now)
    for begin in sent:
        assert sum(cost for at in sent if begin <= at < begin + 1.0 + SLACK_SECONDS / 2) <= 10


def test_up_to_four_fifths_nobody_waits_and_then_calls_go_out_evenly() -> None:
    window, waits = Window(10, 1.0), []
    for _ in range(12):
        opens = window.opens_at(1, 0.0)
        window.spend(1, opens)
        waits.append(round(opens, 2))
    every = round((1.0 + SLACK_SECONDS) / 10, 3)
    assert waits[:8] == [0.0] * 8
    assert waits[8] == pytest.approx(every, abs=0.01)
    assert waits[9] == pytest.approx(2 * every, abs=0.01)
    assert waits[10] == pytest.approx(1 + SLACK_SECONDS, abs=0.01), "the first ones have to leave the window"


def test_what_costs_more_than_the_limit_goes_out_alone() -> None:
    window = Window(1, 1.0)
    assert window.opens_at(5, 0.0) == 0.0
    window.spend(5, 0.0)
    assert window.opens_at(1, 0.5) >= 1.0


def test_an_answer_that_says_four_fifths_slows_down_until_one_does_not() -> None:
    limiter = Limiter(Window(100, 100.0))
    assert limiter.pass_within(READ, 0) == 0
    limiter.answered(READ, {"x-ms-throttle-limit-percentage": str(CROWDED)})
    assert limiter.pass_within(READ, 0) == pytest.approx(1.0, abs=0.1)
    limiter.answered(READ, {})
    assert limiter.pass_within(READ, 0) == 0


def test_a_scope_says_whether_writes_or_everything_is_meant() -> None:
    limiter = Limiter(Window(100, 100.0), Window(100, 100.0))
    assert limiter.pass_within(WRITE, 0) == 0
    limiter.answered(
        WRITE,
        {"x-ms-throttle-limit-percentage": "1.1", "x-ms-throttle-scope": "Tenant_Application/Write/a/t"},
    )
    assert limiter.pass_within(READ, 0) == 0
    assert limiter.pass_within(WRITE, 0) > 0


@pytest.mark.parametrize(("why", "reads_too"), [("WriteLimitExceeded", False), ("CPULimitExceeded", True)])
def test_a_refused_write_closes_reads_only_if_it_was_not_for_writes(why: str, reads_too: bool) -> None:
    limiter = Limiter(Window(100, 100.0), Window(100, 100.0))
    limiter.refused(WRITE, {"retry-after": "30", "x-ms-throttle-information": why}, LATER)
    assert limiter.pass_within(WRITE, 0) == pytest.approx(30, abs=1)
    assert (limiter.pass_within(READ, 0) > 0) is reads_too


def test_without_retry_after_each_refusal_in_a_row_waits_longer_and_twenty_at_once_are_one() -> None:
    random.seed(1)
    limiter = Limiter(Window(100, 100.0))
    for _ in range(20):
        limiter.refused(READ, {}, LATER)
    assert 5 <= limiter.pass_within(READ, 0) <= 10
    for number, most in ((2, 20), (3, 40), (4, 60), (9, 60)):
        window = Window(100, 100.0)
        window.refusals = number - 1
        limiter = Limiter(window)
        limiter.refused(READ, {"retry-after": "soon"}, LATER)
        assert most / 2 - 1 <= limiter.pass_within(READ, 0) <= most


def test_who_waited_looks_again_whether_calls_were_closed_meanwhile() -> None:
    limiter = Limiter(Window(100, 100.0))
    limiter.close_for(READ, 0.05)
    began = time.monotonic()
    assert limiter.pass_within(READ, 10) == 0
    assert time.monotonic() - began >= 0.05


def test_limits_can_be_set() -> None:
    found = config.load({"VEDETTE_GRAPH_LIMITS": "identity=8000/10"}).graph_limits
    assert (found["identity"], found["policy"]) == ((8000, 10), (1, 1))
    for wrong in ("identity=8000", "mail=1/1", "identity=0/1", "identity=inf/1", "identity=a/b"):
        with pytest.raises(config.ConfigError, match="VEDETTE_GRAPH_LIMITS"):
            config.load({"VEDETTE_GRAPH_LIMITS": wrong})


# --- circuits


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(circuit, "_listeners", [lambda *about: heard.append(str(about[2]))])
    return heard


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    value = [100.0]
    monkeypatch.setattr("vedette.foundation.circuit.time", SimpleNamespace(monotonic=lambda: value[0]))
    return value


def test_a_circuit_opens_after_failures_in_a_row_only(told: list[str]) -> None:
    made = Circuit("t", "identity")
    for _ in range(3):
        for _ in range(FAILURES - 1):
            made.failed(TimeoutError())
        made.succeeded()
    assert (made.refuses_for(), told) == (0.0, [])


def test_one_call_probes_and_the_pause_doubles_until_it_is_answered(
    told: list[str], now: list[float]
) -> None:
    made = Circuit("t", "identity")
    for _ in range(FAILURES + 3):
        made.failed(TimeoutError("slow"))
    assert (made.refuses_for(), told) == (FIRST_PAUSE, ["slow"]), "those under way then change nothing"
    now[0] += FIRST_PAUSE
    assert made.refuses_for() == 0.0
    assert made.refuses_for() > 0, "there is one probe at a time"
    made.ended()
    assert made.refuses_for() == 0.0, "one that said nothing makes way for another"
    made.failed(TimeoutError("still"))
    assert (made.refuses_for(), told) == (2 * FIRST_PAUSE, ["slow", "still"])
    now[0] += 2 * FIRST_PAUSE
    assert made.refuses_for() == 0.0
    made.succeeded()
    assert [made.refuses_for(), made.refuses_for()] == [0.0, 0.0]
    assert told == ["slow", "still", "None"]


def test_a_listener_that_fails_breaks_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "_listeners", [lambda *_: 1 // 0])
    made = Circuit("t", "identity")
    for _ in range(FAILURES):
        made.failed(TimeoutError())
    assert made.refuses_for() > 0
