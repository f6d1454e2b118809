"""reconcile(): missing is not clean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.verdict.findings import ANY, Finding, Observation, Status, app_key
from vedette.verdict.reconcile import reconcile

SHA = "ab" * 32


def threat(code: str, key: str) -> Finding:
    return Finding(code, key, "", (), "test")


def failed(code: str, key: str) -> Observation:
    return Observation("rule", "failed", code, key, threat(code, key))


def answer(status: Status, code: str, key: str | None, *exempt: str) -> Observation:
    return Observation("rule", status, code, key, exempt=frozenset(exempt))


ROOT = threat("ROOT_JAILBREAK", "root")
SPY = threat("SURVEILLANCEWARE", app_key("org.x.spy"))
FILE = threat("TROJAN", app_key("org.x.spy", SHA))


@pytest.mark.parametrize(
    ("open_threat", "observation", "resolved"),
    [
        (ROOT, answer("ok", "ROOT_JAILBREAK", "root"), True),
        (ROOT, answer("unknown", "ROOT_JAILBREAK", "root"), False),
        (ROOT, answer("ok", "UNENCRYPTED", "encryption"), False),
        (ROOT, answer("ok", "ROOT_JAILBREAK", None), True),
        (ROOT, answer("ok", ANY, "app:*"), False),
        (SPY, answer("ok", ANY, "app:*"), True),
        (SPY, answer("unknown", ANY, "app:*"), False),
        (SPY, answer("ok", ANY, "app:*", "app:org.x.spy"), False),
        (SPY, answer("ok", ANY, "app:*", "app:org.x.spy@"), True),
        (FILE, answer("ok", ANY, "app:*", "app:org.x.spy@"), False),
        (FILE, answer("ok", ANY, "app:*", "app:org.x.spy"), True),
        (FILE, answer("ok", "TROJAN", "installer:*"), False),
    ],
)
def test_what_resolves(open_threat: Finding, observation: Observation, resolved: bool) -> None:
    changes = reconcile([open_threat], [observation])
    assert bool(changes.resolved) is resolved
    assert bool(changes.still_open) is not resolved


def test_silence_resolves_nothing() -> None:
    changes = reconcile([ROOT, SPY], [])
    assert changes.resolved == changes.new == ()
    assert changes.still_open == ((ROOT, None), (SPY, None))


def test_a_finding_is_new_once_and_then_keeps_its_threat_open() -> None:
    found = failed("TROJAN", "app:a")
    assert reconcile([], [found, found]).new == (found.finding,)
    again = reconcile([threat("TROJAN", "app:a")], [found, answer("ok", ANY, "app:*")])
    assert again.new == again.resolved == ()
    assert again.still_open[0][1] is found.finding


def test_an_unknown_beside_an_ok_keeps_the_threat() -> None:
    both = [answer("ok", ANY, "app:*"), answer("unknown", "SURVEILLANCEWARE", "app:org.x.spy")]
    assert reconcile([SPY], both).resolved == ()


codes = st.sampled_from(["TROJAN", "ADWARE", "ROOT_JAILBREAK"])
keys = st.sampled_from(["root", "app:a", "app:b", f"app:a@{SHA}", "installer:a"])
threats = st.lists(st.builds(threat, codes, keys), unique=True, max_size=8)
observations = st.lists(
    st.one_of(
        st.builds(failed, codes, keys),
        st.builds(
            answer,
            st.sampled_from(["ok", "unknown"]),
            st.one_of(codes, st.just(ANY)),
            st.one_of(keys, st.sampled_from(["app:*", "installer:*", None])),
            st.sampled_from(["app:a", "app:a@", "app:b"]),
        ),
    ),
    max_size=6,
)


@given(threats, observations)
def test_each_threat_goes_exactly_one_way(open_threats: list[Finding], seen: list[Observation]) -> None:
    changes = reconcile(open_threats, seen)
    kept = [t for t, _ in changes.still_open]
    assert sorted(map(repr, kept + list(changes.resolved))) == sorted(map(repr, open_threats))
    known = {(t.classification, t.key) for t in open_threats}
    assert not known & {(f.classification, f.key) for f in changes.new}


@given(threats, observations)
def test_only_a_positive_answer_resolves(open_threats: list[Finding], seen: list[Observation]) -> None:
    for t in reconcile(open_threats, seen).resolved:
        about = [o for o in seen if o.covers(t.classification, t.key)]
        assert {o.status for o in about} == {"ok"}
    without_ok = [o for o in seen if o.status != "ok"]
    assert reconcile(open_threats, without_ok).resolved == ()


@given(threats, observations)
def test_every_finding_is_accounted_for_and_a_second_run_changes_nothing(
    open_threats: list[Finding], seen: list[Observation]
) -> None:
    first = reconcile(open_threats, seen)
    after = [t for t, _ in first.still_open] + list(first.new)
    assert {(o.finding.classification, o.finding.key) for o in seen if o.finding} <= {
        (t.classification, t.key) for t in after
    }
    second = reconcile(after, seen)
    assert second.new == second.resolved == ()
