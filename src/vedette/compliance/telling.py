"""What other systems are told of a device: its state, unless a release or the brake says another.

A release (release.py) lets a phone in for some hours: it is told as secured. The brake (brake.py) holds
blocks: when one cause would newly block more phones within an hour than `most_blocks`, what was told before
stays told for the others until somebody decides. What is better than before is always told.

Everything here runs inside `database.writer`, so counting is exact whoever else decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from vedette.compliance import signals
from vedette.compliance.models import Brake, DeviceState, NewBlock, Release
from vedette.devices.models import Device
from vedette.events.log import Draft, Target, change, emit, emit_all
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette.verdict import DeviceState as State
from vedette.verdict.states import STRICTNESS

WINDOW: Final = timedelta(hours=1)
LEAST: Final = 10
SHARE: Final = 100
"""One phone in so many, where that is more than LEAST (requirement H)."""
SWEEP: Final = "sweep"


@dataclass(frozen=True)
class Cause:
    """One thing that may block many phones at once; what is counted is counted for its `key`.

    `kind` is feed, detectors, parameters, lists, privacy, day, policy or sweep; `reference` tells one feed version,
    one change of policy from another; `detail` is what a page needs to say and to revert it.
    """

    kind: str
    reference: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What makes it the same cause."""
        return f"{self.kind}:{self.reference}"


@dataclass(frozen=True)
class Decided:
    """A device with another state, or another one told, than before; both empty for a new device."""

    device_id: UUID
    before: str
    before_told: str
    state: str
    told: str
    needs_it: bool
    reasons: list[dict[str, Any]]


def most_blocks() -> int:
    """How many phones one cause may newly block within an hour; inside the tenant's door."""
    live = Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED).count()
    return max(LEAST, live // SHARE)


def hold_back(decided: Sequence[Decided], watched: Cause | Mapping[UUID, Cause] | None) -> list[Decided]:
    """Hold the blocks beyond the limit of each watched cause; return all as they are told now.

    In Monitor mode nothing is told, so nothing is held: arming says whom it blocks before it acts.
    """
    causes, newly = _newly_blocked(decided, watched)
    if not newly or not Tenant.objects.filter(mode=Tenant.Mode.ARMED, id=database.current_tenant()).exists():
        return list(decided)
    held: dict[UUID, str] = {}
    for key, items in newly.items():
        held |= {item.device_id: item.before_told for item in _beyond(causes[key], items)}
    for told in set(held.values()):
        ids = [device_id for device_id, value in held.items() if value == told]
        DeviceState.objects.filter(device_id__in=ids).update(told=told)
    return [replace(item, told=held.get(item.device_id, item.told)) for item in decided]


def end_what_is_over(decided: Sequence[Decided]) -> None:
    """End holds and releases of devices that are told as they are: they recovered or left."""
    plain = [item.device_id for item in decided if item.told == item.state]
    if not plain:
        return
    if NewBlock.objects.filter(device_id__in=plain, held=True, ended_at=None).update(ended_at=clock.now()):
        _end_empty_brakes()
    ended = {State.SECURED.value: "recovered", State.DEACTIVATED.value: "left"}
    for state, because in ended.items():
        ids = [item.device_id for item in decided if item.state == state]
        rows = Release.objects.filter(device_id__in=ids, ended_at=None).select_related("device")
        end_releases(rows.defer("device__facts"), because, Draft(""))


def end_releases(rows: Iterable[Release], because: str, draft: Draft, by: str = "") -> list[UUID]:
    """Note the end of releases, with an event each that has `draft`'s actor; return their devices."""
    ended = list(rows)
    for row in ended:
        row.ended_at, row.ended_because, row.ended_by = clock.now(), because, by
    Release.objects.bulk_update(ended, ["ended_at", "ended_because", "ended_by"])
    emit_all(
        [
            replace(
                draft,
                action="device.release_ended",
                target=Target("device", str(row.device_id), row.device.display_name),
                changes=[change("let_in_until", row.until.isoformat(timespec="seconds"), None)],
                detail={"because": because, "reason": row.reason},
            )
            for row in ended
        ]
    )
    return [row.device_id for row in ended]


def lift(device_ids: Iterable[UUID]) -> None:
    """Hold nothing more of these phones: they themselves reported a further threat, which is no mass event."""
    if NewBlock.objects.filter(device_id__in=list(device_ids), held=True, ended_at=None).update(
        ended_at=clock.now()
    ):
        _end_empty_brakes()


def lift_reverted(device_ids: Iterable[UUID]) -> None:
    """Hold nothing more of phones that were judged anew after the cause was taken back.

    What is still as bad then has another reason, and is told.
    """
    pulled = Brake.objects.filter(ended_at=None).values("key")
    held = NewBlock.objects.filter(device_id__in=list(device_ids), held=True, ended_at=None)
    held.exclude(key__in=pulled).update(ended_at=clock.now())


def _newly_blocked(
    decided: Sequence[Decided], watched: Cause | Mapping[UUID, Cause] | None
) -> tuple[dict[str, Cause], dict[str, list[Decided]]]:
    causes: dict[str, Cause] = {}
    newly: dict[str, list[Decided]] = {}
    for item in decided if watched else ():
        cause = watched if isinstance(watched, Cause) else (watched or {}).get(item.device_id)
        if cause and item.before_told and STRICTNESS[State(item.told)] > STRICTNESS[State(item.before_told)]:
            causes[cause.key] = cause
            newly.setdefault(cause.key, []).append(item)
    return causes, newly


def _beyond(cause: Cause, items: Sequence[Decided]) -> Sequence[Decided]:
    """Count these blocks for their cause and return those to hold, pulling the brake when it is the first."""
    now, tenant_id = clock.now(), database.current_tenant()
    last = Brake.objects.filter(key=cause.key).order_by("-pulled_at").first()
    if last and _is_accepted(last, now):
        return []
    limit = most_blocks()
    recent = NewBlock.objects.filter(key=cause.key, held=False, at__gt=now - WINDOW)
    pulled = last if last and last.ended_at is None else None
    room = 0 if pulled else max(0, limit - recent.values("device_id").distinct().count())
    beyond = items[room:]
    NewBlock.objects.bulk_create(
        NewBlock(
            tenant_id=tenant_id,
            device_id=item.device_id,
            key=cause.key,
            at=now,
            held=place >= room,
            told=item.before_told if place >= room else "",
        )
        for place, item in enumerate(items)
    )
    if beyond and pulled is None:
        _pull(cause, limit, len(beyond))
    return beyond


def _is_accepted(brake: Brake, now: datetime) -> bool:
    """Tell whether somebody let the cause act; silence comes back, so after an hour it is asked about anew."""
    if brake.outcome != Brake.Outcome.RELEASED or brake.ended_at is None:
        return False
    return brake.kind != SWEEP or now - brake.ended_at < WINDOW


def _pull(cause: Cause, limit: int, held: int) -> None:
    tenant_id = database.current_tenant()
    brake = Brake.objects.create(
        tenant_id=tenant_id,
        key=cause.key,
        kind=cause.kind,
        detail=dict(cause.detail),
        limit=limit,
        pulled_at=clock.now(),
    )
    emit(brake_event(brake, "brake.pulled", "off", "on", Draft("")))
    signals.brake_pulled.send(sender=Brake, tenant_id=tenant_id, brake=brake, held=held)


def _end_empty_brakes() -> None:
    """End brakes that hold nobody any more."""
    holding = NewBlock.objects.filter(held=True, ended_at=None).values("key")
    for brake in Brake.objects.filter(ended_at=None).exclude(key__in=holding):
        brake.ended_at, brake.outcome = clock.now(), Brake.Outcome.OVER
        brake.save(update_fields=["ended_at", "outcome"])
        emit(brake_event(brake, "brake.over", "on", "off", Draft("")))


def brake_event(brake: Brake, action: str, before: str, after: str, draft: Draft) -> Draft:
    """Describe what became of a brake, by `draft`'s actor."""
    return replace(
        draft,
        action=action,
        target=Target("brake", str(brake.id), brake.kind),
        changes=[change("brake", before, after)],
        detail={"kind": brake.kind, "limit": brake.limit, **draft.detail},
    )
