"""Scans beside app and Intune: whatever they say, silence and older words clear nothing."""

import datetime as dt

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.detection.phones import ANDROID

from vedette.detection import Context, Result
from vedette.detection.acquired import Acquired, Heard, merged
from vedette.verdict import reconcile
from vedette.verdict.findings import AGENT, INTUNE, Evidence, Finding, Observation

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
CODE, KEY = "ROOT_JAILBREAK", "root"
times = st.integers(0, 100).map(lambda hours: NOW - dt.timedelta(hours=hours))


def finding() -> Finding:
    return Finding(CODE, KEY, "rooted", (Evidence("root", "true", "device.root"),), "device/1")


def answer(status: str) -> Observation:
    if status == "failed":
        return Observation("device.root", "failed", CODE, KEY, finding())
    return Observation("device.root", "ok" if status == "ok" else "unknown", CODE, KEY)


class Threat:
    classification, key = CODE, KEY


@given(
    own=st.sampled_from(["ok", "failed", "unknown", "none"]),
    theirs=st.sampled_from([True, False, None]),
    agent_at=st.none() | times,
    managed_at=st.none() | times,
    at=times,
    origin=st.sampled_from([AGENT, INTUNE]),
)
def test_the_rule_of_adr_17(
    own: str,
    theirs: bool | None,
    agent_at: dt.datetime | None,
    managed_at: dt.datetime | None,
    at: dt.datetime,
    origin: str,
) -> None:

    posture = msgspec.structs.replace(ANDROID.posture, root=theirs, root_signs=["su"] if theirs else [])
    facts = msgspec.structs.replace(ANDROID, posture=posture)
    mine = Result(() if own == "none" else (answer(own),), ())
    heard = Heard(agent_at, managed_at)
    got = merged(mine, {"root": origin}, heard, [Acquired(at, facts)], Context())
    found = any(each.key == KEY for each in got.findings)
    newer = heard.last is None or at > heard.last
    if theirs:
        assert found, "who has rooted a phone can make its app say anything"
    elif own == "failed":
        assert found == (not newer or theirs is None)
    else:
        assert not found
    gone = reconcile([Threat()], got.observations).resolved
    if gone:
        assert own == "ok" or (theirs is False and newer), (
            "only positive evidence resolves, and not an older one"
        )
