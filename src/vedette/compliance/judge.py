"""From facts to findings with the intelligence, detectors and parameters in force. No rows are written here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from vedette.compliance import minimise
from vedette.detection import DETECTORS, Context, Result, acquired, run, sources
from vedette.detection.acquired import Acquired
from vedette.devices import privacy
from vedette.devices.managed import CHANGED
from vedette.devices.models import DeviceGroup
from vedette.devices.privacy import Privacy
from vedette.feeds import families, index, tables
from vedette.foundation import clock
from vedette.threats import app_lists
from vedette.threats.models import PolicyParameters
from vedette.verdict import Policy
from vedette.verdict.findings import ACQUISITION, AGENT
from vedette_facts.management import Inventory, ManagedFacts
from vedette_facts.privacy import Collect, withheld
from vedette_facts.report import Facts, FactsError, Platform, decode, decode_facts

GROUNDS: Final = ("feed", "detectors", "parameters", "lists", "privacy", "day")
"""What the parts of a fingerprint stand for, in their order."""
PARAMETERS: Final = ("minimum_android", "minimum_ios", "patch_age_days", "minimum_agent")
SEPARATOR: Final = "."


@dataclass(frozen=True)
class Bench:
    """What verdicts on one device group rest on; another `fingerprint` may mean another verdict.

    Its parts (GROUNDS) are the feed versions, the detectors, the parameters of the policy, the lists of
    applications, what is collected, and the day.
    """

    context: Context
    fingerprint: str
    privacy: Privacy = field(default_factory=Privacy)


@dataclass(frozen=True)
class Managed:
    """What Intune says of a device, as JSON texts, and what is needed to judge a phone without the app."""

    platform: Platform
    manufacturer: str = ""
    model: str = ""
    facts: str | None = None
    at: datetime | None = None
    apps: str | None = None
    apps_at: datetime | None = None
    changed_at: datetime | None = None
    """When it last changed: what changes while it is judged is judged again."""


@dataclass(frozen=True)
class Case:
    """What is known of one device and is to be judged; `report_id` is None for facts of the app judged before.

    `facts` is None without the app; `observed_at` is when they were true, or when Intune's were; `seen_at` when the
    app was last heard of, which confirms its facts. `news`: Intune's facts changed since the last verdict. `dropped`
    as minimise.Kept: None while all facts are there. `scans` of the phone that still count.
    """

    device_id: UUID
    group_id: UUID
    facts: bytes | None
    digest: str
    observed_at: datetime
    managed: Managed
    report_id: UUID | None = None
    seen_at: datetime | None = None
    news: bool = False
    dropped: Mapping[str, bool] | None = None
    scans: tuple[Acquired, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A case with the detectors' answers, or with the `problem` that kept it from being judged.

    `live` names the sources that had anything to say: what rests on another one has expired. `kept` is set where not
    all of the facts may be kept, `collect` says what is asked of the phone. `held` are identities of findings of
    scans that neither open a threat nor end one (detection.acquired.settled).
    """

    case: Case
    fingerprint: str
    result: Result | None = None
    problem: str = ""
    live: frozenset[str] = frozenset({AGENT})
    kept: minimise.Kept | None = None
    collect: Collect = field(default_factory=Collect)
    held: frozenset[tuple[str, str]] = frozenset()


def benches() -> dict[UUID, Bench]:
    """Return the bench of each device group; inside the tenant's door."""
    intelligence, names, today = index.current(), families.names(), clock.now().date()
    systems, lists, asked = tables.current(), app_lists.lists(clock.now()), privacy.read()
    parameters = {row.group_id: row for row in PolicyParameters.objects.all()}
    found = {}
    for group_id in DeviceGroup.objects.values_list("id", flat=True):
        row = parameters.get(group_id) or PolicyParameters()
        policy = Policy(
            minimum_os={"ANDROID": row.minimum_android, "IOS": row.minimum_ios},
            minimum_patch=today - timedelta(days=row.patch_age_days),
            minimum_agent=row.minimum_agent,
        )
        fingerprint = SEPARATOR.join(
            (
                _hash(sorted(str(source) for source in intelligence.sources)),
                _hash([(detector.name, detector.version) for detector in DETECTORS]),
                _hash([getattr(row, name) for name in PARAMETERS]),
                _hash(app_lists.basis(lists)),
                _hash(asked),
                # the day counts, since indicators expire and patch levels age by the day
                today.isoformat(),
            )
        )
        found[group_id] = Bench(
            Context(intelligence, policy, names, systems, lists, today), fingerprint, asked
        )
    return found


def judge(case: Case, bench: Bench) -> Judged:
    """Let the detectors judge. A crash is a problem of this case alone, never silence."""
    try:
        known = _known(case)
    except FactsError as error:
        return Judged(case, bench.fingerprint, problem=f"The facts cannot be read: {error}")
    collect = bench.privacy.of(known.managed.ownership if known.managed else None)
    try:
        sent = known.agent
        if sent is not None:
            known = replace(known, agent=withheld(sent, collect))
        if collect.applications == "none":
            known = replace(known, inventory=None)  # Intune's list is one of applications, too
        answers, live = _answers(known, bench)
        kept = minimise.keep(
            sent, known, collect, answers, lambda less: _answers(less, bench)[0], case.dropped
        )
        result = minimise.answered(answers, collect, case.dropped)
        held: frozenset[tuple[str, str]] = frozenset()
        if case.scans:
            result, live, held = _with_scans(case, known, result, live, collect, bench)
        return Judged(case, bench.fingerprint, result, "", live, kept, collect, held)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, other devices are judged all the same
        return Judged(case, bench.fingerprint, problem=f"{type(error).__name__}: {error}")


def _answers(known: sources.Known, bench: Bench) -> tuple[Result, frozenset[str]]:
    """Let the detectors answer, and say which sources had anything to say."""
    whole = sources.whole(known, clock.now())
    if whole is None:
        return Result((), ()), frozenset()
    return sources.attributed(run(whole.facts, bench.context), whole.origins), whole.live


def _with_scans(
    case: Case, known: sources.Known, own: Result, live: frozenset[str], collect: Collect, bench: Bench
) -> tuple[Result, frozenset[str], frozenset[tuple[str, str]]]:
    """Join what scans of the phone say. What none of them shows any more is over, unless a detector failed."""
    whole = sources.whole(known, clock.now())
    origins = whole.origins if whole else {}
    heard = acquired.Heard(known.agent_at, known.managed_at)
    scans = [
        replace(scan, facts=withheld(scan.facts, collect) if scan.facts else None) for scan in case.scans
    ]
    result = acquired.merged(own, origins, heard, scans, bench.context)
    failed = acquired.has_failed(result, own)
    held: frozenset[tuple[str, str]] = frozenset()
    if case.dropped is not None:
        # what the phone said of these rules was judged with the scans, and dropped: its verdict stands
        fresh = [scan for scan in scans if not acquired.is_settled(scan, case.observed_at)]
        newly = acquired.merged(own, origins, heard, fresh, bench.context) if fresh else own
        held = acquired.settled(result, newly, case.dropped)
    return result, live | {ACQUISITION} if failed else live, held


def _known(case: Case) -> sources.Known:
    """Decode what is known. Raises FactsError."""
    managed = case.managed
    agent: Facts | None = decode_facts(case.facts) if case.facts else None
    return sources.Known(
        platform=managed.platform,
        manufacturer=managed.manufacturer,
        model=managed.model,
        agent=agent,
        agent_at=max(case.observed_at, case.seen_at or case.observed_at) if agent else None,
        managed=decode(managed.facts.encode(), ManagedFacts) if managed.facts else None,
        managed_at=managed.at,
        inventory=decode(managed.apps.encode(), Inventory) if managed.apps else None,
        inventory_at=managed.apps_at,
    )


def changed_ground(before: str, after: str) -> tuple[str, str] | None:
    """Say which ground of a verdict changed, and what it is now; None when none did, or nothing was before."""
    before = before.removeprefix(CHANGED)
    old, new = before.split(SEPARATOR), after.split(SEPARATOR)
    if not before or len(old) != len(new):
        return None
    return next(((name, new[i]) for i, name in enumerate(GROUNDS) if old[i] != new[i]), None)


def differs(ground: str, before: str, after: str) -> bool:
    """Say whether one ground changed; it may have where it is not known what was before."""
    old, new = before.removeprefix(CHANGED).split(SEPARATOR), after.split(SEPARATOR)
    place = GROUNDS.index(ground)
    return len(old) != len(new) or old[place] != new[place]


def _hash(basis: Any) -> str:
    return hashlib.sha256(repr(basis).encode()).hexdigest()[:16]
