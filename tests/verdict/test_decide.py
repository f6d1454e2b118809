"""decide(): a table of cases and the properties that must hold for every input."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.decide import Activation, Decision, Reason, decide, unanswered
from vedette.verdict.findings import ANY, Finding, Observation
from vedette.verdict.policy import DEFAULT_POLICY, Level, Policy
from vedette.verdict.risk import Response, Risk, highest
from vedette.verdict.states import DeviceState

ORDER = ["secured", "misconfigured", "low", "medium", "high"]


def threat(code: str, key: str = "k", origin: str = "agent") -> Finding:
    return Finding(code, key, "summary", (), "test", origin=origin)


def decided(
    *codes: str,
    activation: Activation = "ACTIVATED",
    disconnected: bool = False,
    facts_present: bool = True,
    policy: Policy = DEFAULT_POLICY,
    failures: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
) -> Decision:
    return decide(
        activation=activation,
        disconnected=disconnected,
        facts_present=facts_present,
        threats=[threat(code, f"k{n}") for n, code in enumerate(codes)],
        policy=policy,
        detector_failures=failures,
        unanswered=silent,
    )


@pytest.mark.parametrize(
    ("decision", "state", "risk", "needs_it"),
    [
        (decided(), "secured", Risk.NONE, False),
        (decided("OUT_OF_DATE_ASPL"), "secured", Risk.ADVISORY, False),
        (decided("SIDELOADED_APP"), "low", Risk.LOW, False),
        (decided("SIDELOADED_APP", "NO_DEVICE_LOCK"), "medium", Risk.MEDIUM, False),
        (decided("SIDELOADED_APP", "TROJAN", "NO_DEVICE_LOCK"), "high", Risk.HIGH, False),
        (decided("ROOT_JAILBREAK"), "high", Risk.HIGH, True),
        (decided("NEVER_HEARD_OF"), "low", Risk.LOW, False),
        (decided(failures=("apps",)), "misconfigured", Risk.NONE, False),
        (decided(silent=("device.root",)), "misconfigured", Risk.NONE, False),
        (decided("OUT_OF_DATE_ASPL", failures=("apps",)), "misconfigured", Risk.ADVISORY, False),
        (decided("TROJAN", failures=("device",)), "high", Risk.HIGH, False),
        (decided(facts_present=False), "pending", Risk.NONE, False),
        (decided(activation="PENDING"), "pending", Risk.NONE, False),
        (decided("TROJAN", disconnected=True), "disconnected", Risk.HIGH, False),
        (decided(disconnected=True, facts_present=False), "disconnected", Risk.NONE, False),
        (decided("TROJAN", activation="DEACTIVATED", disconnected=True), "deactivated", Risk.HIGH, False),
    ],
)
def test_cases(decision: Decision, state: str, risk: Risk, needs_it: bool) -> None:
    assert (decision.state, decision.risk, decision.needs_it) == (state, risk, needs_it)


def test_reasons_say_why_worst_first() -> None:
    decision = decided("SIDELOADED_APP", "TROJAN", failures=("network",), silent=("device.adb",))
    assert decision.reasons == (
        Reason("threat", "TROJAN", "k1", Risk.HIGH),
        Reason("threat", "SIDELOADED_APP", "k0", Risk.LOW),
        Reason("detector_failed", "network"),
        Reason("unanswered", "device.adb"),
    )
    assert decided("TROJAN", disconnected=True).reasons[0] == Reason("disconnected")


@pytest.mark.parametrize(
    ("codes", "state"),
    [(["ROOT_JAILBREAK"], "high"), (["OUT_OF_DATE_ASPL"], "pending"), (["RISKWARE"], "low"), ([], "pending")],
)
def test_without_the_app_what_intune_found_counts(codes: list[str], state: str) -> None:
    both: tuple[Activation, ...] = ("PENDING", "ACTIVATED")
    for activation in both:
        found = [threat(code, origin="intune") for code in codes]
        decision = decide(
            activation=activation, disconnected=False, facts_present=False,
            threats=[*found, threat("TROJAN", "of before")], policy=DEFAULT_POLICY,
        )  # fmt: skip
        assert decision.state == state, "what the app found before it was taken off proves nothing now"
        assert Reason("not_activated" if activation == "PENDING" else "no_report") in decision.reasons


def test_what_the_policy_rates_down_does_not_need_it() -> None:
    policy = Policy(levels={"ROOT_JAILBREAK": Level(Risk.LOW, Response.ALERT)})
    decision = decided("ROOT_JAILBREAK", policy=policy)
    assert (decision.state, decision.needs_it) == ("low", False)


codes = st.sampled_from([*CLASSIFICATIONS, "NOT_ONE_OF_THE_49"])
levels = st.builds(Level, risk=st.sampled_from(Risk), response=st.sampled_from(Response))
policies = st.builds(Policy, levels=st.dictionaries(codes, levels))
threats = st.lists(st.builds(threat, code=codes, key=st.text(max_size=3)), max_size=6)
names = st.lists(st.sampled_from(["apps", "device", "device.root"]), max_size=2).map(tuple)
activations = st.sampled_from(["PENDING", "ACTIVATED", "DEACTIVATED"])


@given(
    activation=activations,
    disconnected=st.booleans(),
    facts_present=st.booleans(),
    open_threats=threats,
    policy=policies,
    failures=names,
    silent=names,
)
def test_every_input_has_a_state_and_the_reasons_explain_it(
    *,
    activation: Activation,
    disconnected: bool,
    facts_present: bool,
    open_threats: list[Finding],
    policy: Policy,
    failures: tuple[str, ...],
    silent: tuple[str, ...],
) -> None:
    decision = decide(
        activation=activation,
        disconnected=disconnected,
        facts_present=facts_present,
        threats=open_threats,
        policy=policy,
        detector_failures=failures,
        unanswered=silent,
    )
    assert decision.risk == highest(policy.risk(t.classification) for t in open_threats)
    if decision.state is DeviceState.SECURED:
        assert activation == "ACTIVATED"
        assert facts_present
        assert not disconnected
        assert not failures
        assert not silent
        assert decision.risk <= Risk.ADVISORY
        assert all(reason.code == "threat" for reason in decision.reasons)
    else:
        assert decision.reasons
    if decision.needs_it:
        assert decision.risk is Risk.HIGH


@given(threats, policies, names, threats)
def test_another_open_threat_never_lowers_the_state(
    first: list[Finding], policy: Policy, failures: tuple[str, ...], more: list[Finding]
) -> None:
    def state(open_threats: list[Finding]) -> int:
        decision = decide(
            activation="ACTIVATED",
            disconnected=False,
            facts_present=True,
            threats=open_threats,
            policy=policy,
            detector_failures=failures,
        )
        return ORDER.index(decision.state)

    assert state(first + more) >= state(first)


@given(threats, policies)
def test_none_and_advisory_never_leave_secured(open_threats: list[Finding], policy: Policy) -> None:
    quiet = [t for t in open_threats if policy.risk(t.classification) <= Risk.ADVISORY]
    decision = decide(
        activation="ACTIVATED", disconnected=False, facts_present=True, threats=quiet, policy=policy
    )
    assert decision.state is DeviceState.SECURED


@given(threats, policies, st.randoms())
def test_order_of_threats_does_not_matter(
    open_threats: list[Finding], policy: Policy, random: Random
) -> None:
    def result(listed: list[Finding]) -> Decision:
        return decide(
            activation="ACTIVATED", disconnected=False, facts_present=True, threats=listed, policy=policy
        )

    shuffled = list(open_threats)
    random.shuffle(shuffled)
    assert result(shuffled) == result(open_threats)


def unknown(rule: str, code: str) -> Observation:
    return Observation(rule, "unknown", code)


def test_only_unknowns_that_could_count_are_unanswered() -> None:
    observations = [
        unknown("device.root", "ROOT_JAILBREAK"),
        unknown("device.patch_level", "OUT_OF_DATE_ASPL"),
        unknown("apps.indicators", ANY),
        Observation("device.adb", "ok", "USB_DEBUGGING_ENABLED", "adb"),
    ]
    assert unanswered(observations, DEFAULT_POLICY) == ("apps.indicators", "device.root")
    strict = Policy(levels={"OUT_OF_DATE_ASPL": Level(Risk.LOW, Response.ALERT)})
    assert "device.patch_level" in unanswered(observations, strict)
    private = Policy(may_stay_unknown=frozenset({"apps.indicators"}))
    assert unanswered(observations, private) == ("device.root",)
