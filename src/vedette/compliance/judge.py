"""From facts to findings with the intelligence, detectors and parameters in force. No rows are written here."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from vedette.detection import DETECTORS, Context, Result, run
from vedette.devices.models import DeviceGroup
from vedette.feeds import index
from vedette.foundation import clock
from vedette.threats.models import PolicyParameters
from vedette.verdict import Policy
from vedette_facts.report import FactsError, decode_facts

GROUNDS: Final = ("feed", "detectors", "parameters", "day")
"""What the parts of a fingerprint stand for, in their order."""
SEPARATOR: Final = "."


@dataclass(frozen=True)
class Bench:
    """What verdicts on one device group rest on; another `fingerprint` may mean another verdict.

    Its parts (GROUNDS) are the feed versions, the detectors, the parameters of the policy, and the day.
    """

    context: Context
    fingerprint: str


@dataclass(frozen=True)
class Case:
    """Facts of one device that are to be judged; `report_id` is None for facts judged before."""

    device_id: UUID
    group_id: UUID
    facts: bytes
    digest: str
    observed_at: datetime
    report_id: UUID | None = None


@dataclass(frozen=True)
class Judged:
    """A case with the detectors' answers, or with the `problem` that kept it from being judged."""

    case: Case
    fingerprint: str
    result: Result | None = None
    problem: str = ""


def benches() -> dict[UUID, Bench]:
    """Return the bench of each device group; inside the tenant's door."""
    intelligence, today = index.current(), clock.now().date()
    parameters = {row.group_id: row for row in PolicyParameters.objects.all()}
    found = {}
    for group_id in DeviceGroup.objects.values_list("id", flat=True):
        row = parameters.get(group_id) or PolicyParameters()
        policy = Policy(
            minimum_os={"ANDROID": row.minimum_android, "IOS": row.minimum_ios},
            minimum_patch=today - timedelta(days=row.patch_age_days),
        )
        fingerprint = SEPARATOR.join(
            (
                _hash(sorted(str(source) for source in intelligence.sources)),
                _hash([(detector.name, detector.version) for detector in DETECTORS]),
                _hash([row.minimum_android, row.minimum_ios, row.patch_age_days]),
                # the day counts, since indicators expire and patch levels age by the day
                today.isoformat(),
            )
        )
        found[group_id] = Bench(Context(intelligence, policy), fingerprint)
    return found


def judge(case: Case, bench: Bench) -> Judged:
    """Let the detectors judge. A crash is a problem of this case alone, never silence."""
    try:
        facts = decode_facts(case.facts)
    except FactsError as error:
        return Judged(case, bench.fingerprint, problem=f"The facts cannot be read: {error}")
    try:
        return Judged(case, bench.fingerprint, run(facts, bench.context))
    except Exception as error:  # noqa: BLE001 - whatever went wrong, other devices are judged all the same
        return Judged(case, bench.fingerprint, problem=f"{type(error).__name__}: {error}")


def changed_ground(before: str, after: str) -> tuple[str, str] | None:
    """Say which ground of a verdict changed, and what it is now; None when none did, or nothing was before."""
    old, new = before.split(SEPARATOR), after.split(SEPARATOR)
    if not before or len(old) != len(new):
        return None
    return next(((name, new[i]) for i, name in enumerate(GROUNDS) if old[i] != new[i]), None)


def _hash(basis: Any) -> str:
    return hashlib.sha256(repr(basis).encode()).hexdigest()[:16]
