"""Changing how classifications are rated: shown before, applied at once, audited (requirement E1).

Policy is applied by set in SQL (design.md 2, rule 4): unresolved threats are re-rated and states decided for all
devices it touches, in one transaction of the tenant's writer. Above LARGEST threats nobody waits for that:
`policy_wish.ask` leaves it to a job.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext

from vedette.compliance import signals, state, verdict_sql
from vedette.compliance.defaults import ensure_defaults
from vedette.compliance.models import DetectorFailure, StateChange
from vedette.compliance.telling import Cause
from vedette.devices.models import DeviceGroup
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import database
from vedette.threats.models import PolicyLevel, PolicyParameters, Threat
from vedette.verdict import CLASSIFICATIONS, DeviceState, Response, Risk
from vedette_facts.versions import parse_version

__all__ = [
    "Preview",
    "TooLarge",
    "apply",
    "change_parameters",
    "default_levels",
    "ensure_defaults",
    "preview",
    "threats_touched",
]

Levels = Mapping[str, tuple[int, str]]
Progress = Callable[[int], None]

LARGEST = 20_000
"""So many threats are re-rated while a person waits (design.md 2, rule 4); tests set a smaller one."""
STEP = 5_000
"""Devices worked on at once; how far it is is told after each step."""
_CAUSE: Final = "policy"
_MOST_PATCH_DAYS: Final = 3650
_ORDER: Final = {
    DeviceState.SECURED: 0,
    DeviceState.MISCONFIGURED: 1,
    DeviceState.LOW: 2,
    DeviceState.MEDIUM: 3,
    DeviceState.HIGH: 4,
}


class TooLarge(Exception):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """More unresolved threats (`threats`) than may be re-rated while a person waits."""

    def __init__(self, threats: int, changes: list[dict[str, Any]]) -> None:
        super().__init__(
            gettext("This re-rates %(count)d threats; while somebody waits at most %(most)d are possible.")
            % {"count": threats, "most": LARGEST}
        )
        self.threats = threats
        self.changes = changes


class BadPolicy(ValueError):  # noqa: N818 - an answer to the administrator, not a fault of the program
    """A level or parameter that does not exist; the text names it."""


@dataclass(frozen=True)
class Preview:
    """What a change of levels would do to the states of devices.

    `devices` change state, `worse` and `better` of them by severity (a blind spot lies between secured and
    low). `by_state` counts all devices of the group afterwards; `moves` counts (from, to).
    """

    devices: int
    worse: int
    better: int
    by_state: dict[str, int] = field(default_factory=dict)
    moves: dict[tuple[str, str], int] = field(default_factory=dict)


def preview(tenant_id: UUID, group_id: UUID, levels: Levels) -> Preview:
    """Say how many devices of the group would change, before anything is saved. Raises BadPolicy."""
    overlay = {code: risk for code, (risk, _) in _checked(levels).items()}
    with database.tenant(tenant_id), connection.cursor() as cursor:
        cursor.execute(
            verdict_sql.VERDICTS + verdict_sql.PREVIEW,
            verdict_sql.parameters(group=group_id, overlay=overlay),
        )
        rows = [(str(before), str(after), int(count)) for before, after, count in cursor.fetchall()]
    by_state: dict[str, int] = {}
    for _, after, count in rows:
        by_state[after] = by_state.get(after, 0) + count
    moves = {(before, after): count for before, after, count in rows if before != after}
    worse = sum(n for (before, after), n in moves.items() if _severity(after) > _severity(before))
    better = sum(n for (before, after), n in moves.items() if _severity(after) < _severity(before))
    return Preview(sum(moves.values()), worse, better, by_state, moves)


def threats_touched(group_id: UUID, codes: Collection[str]) -> int:
    """Count the unresolved threats that a change of these classifications re-rates; inside the tenant's door."""
    return _unresolved(DeviceGroup.objects.get(id=group_id), codes).count()


def apply(
    tenant_id: UUID,
    group_id: UUID,
    levels: Levels,
    *,
    actor: Actor,
    however_many: bool = False,
    progress: Progress = lambda _done: None,
) -> list[StateChange]:
    """Save levels of a device group, re-rate its unresolved threats and decide its devices anew.

    Only what differs from the levels in force counts; nothing differing is nothing done. `progress` is told
    after each step how many threats are re-rated. Raises BadPolicy, and, having written nothing, TooLarge above
    LARGEST unresolved threats of the changed classifications unless `however_many`.
    """
    wanted = _checked(levels)
    with database.writer(tenant_id):
        ensure_defaults(tenant_id)
        group = DeviceGroup.objects.get(id=group_id)
        rows = {row.classification: row for row in PolicyLevel.objects.filter(group=group)}
        changed = [
            (rows[code], Risk(risk), response)
            for code, (risk, response) in wanted.items()
            if (rows[code].risk, rows[code].response) != (risk, response)
        ]
        if not changed:
            return []
        codes = [row.classification for row, _, _ in changed]
        changes = _differences(changed)
        threats = 0 if however_many else _unresolved(group, codes).count()
        if threats > LARGEST:
            raise TooLarge(threats, changes)
        for row, risk, response in changed:
            row.risk, row.response = risk, response
        PolicyLevel.objects.bulk_update([row for row, _, _ in changed], ["risk", "response"])
        event = emit(_audit("policy.levels_changed", group, changes, actor))
        watched = Cause(_CAUSE, str(event.id), {"event": str(event.id)})
        return _settle(group, codes, actor, progress, watched)


def default_levels() -> dict[str, tuple[int, str]]:
    """Return risk and response of every classification as Vedette ships them."""
    return {
        code: (int(known.default_risk), str(known.default_response))
        for code, known in CLASSIFICATIONS.items()
    }


def change_parameters(
    tenant_id: UUID,
    group_id: UUID,
    *,
    minimum_android: str,
    minimum_ios: str,
    patch_age_days: int,
    minimum_agent: str = "",
    actor: Actor,
) -> bool:
    """Save what counts as up to date; False when nothing differs. Raises BadPolicy.

    The assessor notices that verdicts rest on older parameters and judges the devices anew from the facts
    they last reported, within seconds.
    """
    wanted = {
        "minimum_android": _version(minimum_android),
        "minimum_ios": _version(minimum_ios),
        "patch_age_days": _days(patch_age_days),
        "minimum_agent": _version(minimum_agent) if minimum_agent.strip() else "",
    }
    with database.writer(tenant_id):
        group = DeviceGroup.objects.get(id=group_id)
        row = PolicyParameters.objects.select_for_update().get(group=group)
        changes = [
            change(name, getattr(row, name), value)
            for name, value in wanted.items()
            if getattr(row, name) != value
        ]
        if not changes:
            return False
        PolicyParameters.objects.filter(id=row.id).update(**wanted)
        emit(_audit("policy.parameters_changed", group, changes, actor))
        return True


def _settle(
    group: DeviceGroup, codes: list[str], actor: Actor, progress: Progress, watched: Cause
) -> list[StateChange]:
    threatened = _unresolved(group, codes).values_list("device_id", flat=True)
    blind = DetectorFailure.objects.filter(device__group=group, classification__in=codes)
    devices = {*threatened, *blind.values_list("device_id", flat=True)}
    changes: list[StateChange] = []
    done = 0
    for step in _steps(devices):
        with connection.cursor() as cursor:
            cursor.execute(
                _RERATE,
                {"tenant": group.tenant_id, "group": group.id, "classifications": codes, "devices": step},
            )
            done += cursor.rowcount
            rated = {row[0] for row in cursor.fetchall()}
        changes += state.decide_devices(
            step, _CAUSE, {"classifications": codes}, actor=actor, watched=watched
        )
        if rated:
            signals.threats_changed.send(sender=Threat, tenant_id=group.tenant_id, device_ids=rated)
        progress(done)
    return changes


def _steps(devices: set[UUID]) -> Iterator[list[UUID]]:
    ordered = iter(sorted(devices))
    while step := list(islice(ordered, STEP)):
        yield step


def _unresolved(group: DeviceGroup, codes: Collection[str]) -> QuerySet[Threat]:
    unresolved = Threat.objects.exclude(status=Threat.Status.RESOLVED)
    return unresolved.filter(device__group=group, classification__in=codes)


def _differences(changed: list[tuple[PolicyLevel, Risk, str]]) -> list[dict[str, Any]]:
    changes = []
    for row, risk, response in changed:
        if row.risk != risk:
            changes.append(change(f"{row.classification}.risk", Risk(row.risk).name, risk.name))
        if row.response != response:
            changes.append(change(f"{row.classification}.response", row.response, response))
    return changes


def _audit(action: str, group: DeviceGroup, changes: list[dict[str, Any]], actor: Actor) -> Draft:
    target = Target("device_group", str(group.id), group.name)
    return Draft(action=action, actor=actor, target=target, changes=changes)


def _checked(levels: Levels) -> Levels:
    for code, (risk, response) in levels.items():
        if code not in CLASSIFICATIONS or risk not in set(Risk) or response not in set(Response):
            raise BadPolicy(
                gettext("%(code)s cannot be rated %(risk)s with the response %(response)s.")
                % {"code": code, "risk": risk, "response": response}
            )
    return levels


def _version(text: str) -> str:
    if parse_version(text) is None:
        raise BadPolicy(gettext("“%(text)s” is not a version. Write it like 13 or 17.4.1.") % {"text": text})
    return text.strip()


def _days(days: int) -> int:
    if not 1 <= days <= _MOST_PATCH_DAYS:
        raise BadPolicy(gettext("Set a number of days from 1 to %(most)d.") % {"most": _MOST_PATCH_DAYS})
    return days


def _severity(word: str) -> int:
    return _ORDER.get(DeviceState(word), 0) if word else 0


_RERATE: Final = """
update threats_threat t
set risk = level.risk, response = level.response
from threats_policylevel level
where t.tenant_id = %(tenant)s and t.device_id = any(%(devices)s::uuid[])
  and t.status <> 'resolved' and t.classification = any(%(classifications)s::text[])
  and level.tenant_id = %(tenant)s and level.group_id = %(group)s and level.classification = t.classification
returning t.device_id
"""
