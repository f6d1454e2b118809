"""run(): failures are visible, answers are total, and from facts to verdict nothing unknown is secured."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from tests.detection.phones import ANDROID

from vedette.detection import DETECTORS, Context, Detector, run
from vedette.detection.detector import found
from vedette.intel import Index, Indicator, Kind, Source
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.decide import decide, unanswered
from vedette.verdict.findings import ANY, Evidence, Observation
from vedette.verdict.policy import DEFAULT_POLICY
from vedette.verdict.reconcile import reconcile
from vedette.verdict.states import DeviceState
from vedette.verdict.summaries import SUMMARIES
from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, Posture

INDEX = Index([(Source("demo"), [Indicator(Kind.PACKAGE, "org.x.spy", "SURVEILLANCEWARE", "DemoSpy")])])
CONTEXT = Context(index=INDEX)


def breaks_halfway(_facts: Facts, _context: Context) -> Iterator[Observation]:
    yield found("TROJAN", "app:x", (Evidence("app", "x", "apps.indicators"),))
    raise ValueError("this report is odd")


def test_a_detector_that_raises_is_a_visible_failure_and_the_others_go_on() -> None:
    result = run(ANDROID, CONTEXT, (Detector("odd", 1, breaks_halfway), *DETECTORS))
    assert [(f.name, f.message) for f in result.failures] == [("odd", "ValueError: this report is odd")]
    assert result.findings == ()
    assert len(result.observations) > 5
    decision = decide(
        activation="ACTIVATED",
        disconnected=False,
        facts_present=True,
        threats=result.findings,
        policy=DEFAULT_POLICY,
        detector_failures=[f.name for f in result.failures],
        unanswered=unanswered(result.observations, DEFAULT_POLICY),
    )
    assert decision.state is DeviceState.MISCONFIGURED


def test_detectors_have_names_of_their_own() -> None:
    assert len({d.name for d in DETECTORS}) == len(DETECTORS)


maybe = st.sampled_from([True, False, None])
installed = st.builds(
    App,
    package=st.sampled_from(["org.x.spy", "org.x.y", "com.topjohnwu.magisk", "com.android.chrome"]),
    installer=st.sampled_from([None, "com.android.vending", "com.android.shell", "org.x.dropper"]),
    sha256=st.sampled_from([None, "ab" * 32]),
    certificates=st.sampled_from([[], ["61ed377e85d386a8dfee6b864bd85b0bfaa5af81"], ["cd" * 32]]),
    system=st.booleans(),
)
phones = st.builds(
    Facts,
    device=st.builds(
        DeviceFacts,
        platform=st.sampled_from(["ANDROID", "IOS"]),
        manufacturer=st.just("M"),
        model=st.just("m"),
        os_version=st.sampled_from(["15", "9", "17.4", "odd"]),
        security_patch=st.sampled_from([None, "2020-01-01", "2026-09-05"]),
        build_type=st.sampled_from([None, "user", "userdebug"]),
    ),
    agent=st.just(AgentFacts(version="1")),
    posture=st.builds(
        Posture,
        root=maybe,
        root_signs=st.lists(st.sampled_from(["path /sbin/su", "ro.secure=0", "test-keys"]), max_size=3),
        debug_build=maybe,
        encrypted=maybe,
        screen_lock=maybe,
        developer_options=maybe,
        adb=maybe,
    ),
    apps=st.one_of(st.none(), st.lists(installed, max_size=4, unique_by=lambda app: app.package)),
    apps_complete=st.booleans(),
)


@given(phones)
def test_every_phone_gets_well_formed_answers(facts: Facts) -> None:
    result = run(facts, CONTEXT)
    assert result.failures == ()
    for o in result.observations:
        assert o.classification == ANY or o.classification in CLASSIFICATIONS
        assert (o.finding is not None) is (o.status == "failed")
        assert o.rule in SUMMARIES
        assert o.detail
        if o.finding is not None:
            assert (o.finding.classification, o.finding.key) == (o.classification, o.key)
            assert o.finding.summary != o.classification, "each rule tells itself in words"
            assert o.finding.evidence


@given(phones)
def test_secured_means_that_every_rule_that_counts_said_ok(facts: Facts) -> None:
    result = run(facts, CONTEXT)
    decision = decide(
        activation="ACTIVATED",
        disconnected=False,
        facts_present=True,
        threats=result.findings,
        policy=DEFAULT_POLICY,
        unanswered=unanswered(result.observations, DEFAULT_POLICY),
    )
    if decision.state is DeviceState.SECURED:
        counting = [
            o
            for o in result.observations
            if o.classification == ANY or DEFAULT_POLICY.risk(o.classification).counts
        ]
        assert {o.status for o in counting} == {"ok"}


@given(phones, phones)
def test_a_second_report_resolves_only_what_it_disproves(first: Facts, second: Facts) -> None:
    open_threats = run(first, CONTEXT).findings
    changes = reconcile(open_threats, run(second, CONTEXT).observations)
    still_there = {app.package for app in second.apps or ()}
    for threat in changes.resolved:
        if threat.key == "app:org.x.spy":
            assert second.apps_complete
            assert "org.x.spy" not in still_there
    again = reconcile(open_threats, run(first, CONTEXT).observations)
    assert again.new == again.resolved == ()
