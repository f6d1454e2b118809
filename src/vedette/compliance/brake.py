"""The brake in an administrator's hand: let the held blocks go, or take back what caused them (requirement H).

telling.py pulls it. Holds are rows, so they outlive a restart.
"""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import change_policy, state, sweep, telling
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import Brake, NewBlock, StateChange
from vedette.events.log import Actor, Draft, emit
from vedette.events.models import Event
from vedette.feeds import store
from vedette.feeds.models import FeedVersion
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette.threats.models import PolicyLevel, PolicyParameters
from vedette.verdict import Risk

CAUSE: Final = "brake"
_BY_SETTING: Final = frozenset({"policy", "parameters", "sweep"})
PARAMETERS: Final = ("minimum_android", "minimum_ios", "patch_age_days", "minimum_agent")


def pulled() -> list[Brake]:
    """Return the brakes that are on, newest first; inside the tenant's door."""
    return list(Brake.objects.filter(ended_at=None).order_by("-pulled_at"))


def held_by(brake: Brake) -> list[UUID]:
    """List the phones whose block is held by a brake."""
    rows = NewBlock.objects.filter(key=brake.key, held=True, ended_at=None).order_by("at", "id")
    return list(rows.values_list("device_id", flat=True))


def sent_by(brake: Brake) -> int:
    """Count the phones whose block was told before the brake was pulled."""
    since = brake.pulled_at - telling.WINDOW
    rows = NewBlock.objects.filter(key=brake.key, held=False, at__gt=since)
    return rows.values("device_id").distinct().count()


def release(tenant_id: UUID, brake_id: UUID, actor: Actor) -> list[StateChange]:
    """Tell what was held: the cause may act. Raises Refused."""
    with database.writer(tenant_id):
        brake = _pulled(brake_id)
        ids = held_by(brake)
        _finish(brake, Brake.Outcome.RELEASED, "brake.released", actor, len(ids))
        return _let_go(brake, ids, actor)


def revertible(brake: Brake, *, alone: bool) -> bool:
    """Tell whether the console can take the cause back.

    A feed belongs to the whole installation: it goes back only where the tenant is `alone` on it. Detectors
    come with the version that is installed, and a day cannot be taken back.
    """
    if brake.kind == "feed":
        return alone and _newest_feed() is not None
    return brake.kind in _BY_SETTING and _event(brake) is not None


def alone_here(tenant_id: UUID) -> bool:
    """Tell whether the installation serves no other tenant; outside any door."""
    with database.system():
        return not Tenant.objects.exclude(id=tenant_id).exists()


def revert(tenant_id: UUID, brake_id: UUID, actor: Actor) -> None:
    """Take the cause back. Outside any door. Raises Refused.

    Settings go back at once, a feed version within seconds, when the phones are judged anew.
    """
    alone = alone_here(tenant_id)
    with database.writer(tenant_id):
        brake = _pulled(brake_id)
        if not revertible(brake, alone=alone):
            raise Refused(
                gettext("This cause cannot be taken back from here. Release it, or mend it at its source.")
            )
        ids = held_by(brake)
        _finish(brake, Brake.Outcome.REVERTED, "brake.reverted", actor, len(ids))
        if brake.kind == "policy":
            _revert_levels(tenant_id, brake, actor)
        elif brake.kind == "parameters":
            _revert_parameters(tenant_id, brake, actor)
        elif brake.kind == "sweep":
            _revert_days(tenant_id, brake, actor)
        if brake.kind in {"policy", "sweep"}:
            _let_go(brake, held_by(brake), actor)
    if brake.kind == "feed":
        _revert_feed()


def _pulled(brake_id: UUID) -> Brake:
    brake = Brake.objects.select_for_update().filter(id=brake_id, ended_at=None).first()
    if brake is None:
        raise Refused(
            gettext("This brake is not on any more: somebody decided meanwhile, or the phones recovered.")
        )
    return brake


def _finish(brake: Brake, outcome: str, action: str, actor: Actor, held: int) -> None:
    brake.ended_at, brake.ended_by, brake.outcome = clock.now(), actor.name or actor.id, outcome
    brake.save(update_fields=["ended_at", "ended_by", "outcome"])
    emit(telling.brake_event(brake, action, "on", "off", Draft("", actor=actor, detail={"held": held})))


def _let_go(brake: Brake, ids: list[UUID], actor: Actor) -> list[StateChange]:
    NewBlock.objects.filter(key=brake.key, held=True, ended_at=None).update(ended_at=clock.now())
    detail = {"brake": str(brake.id), "kind": brake.kind, "outcome": brake.outcome}
    return state.decide_devices(ids, CAUSE, detail, actor=actor)


def _event(brake: Brake) -> Event | None:
    """Return the audit row of the change that pulled the brake, None where it was no change of a setting."""
    if brake.kind == "parameters":
        group = str(brake.detail.get("group", ""))
        rows = Event.objects.filter(action="policy.parameters_changed", target_id=group)
        return rows.filter(occurred_at__lte=brake.pulled_at).order_by("-position").first()
    return Event.objects.filter(id=brake.detail["event"]).first() if "event" in brake.detail else None


def _before(brake: Brake) -> tuple[str, dict[str, tuple[Any, Any]]]:
    """Target of the change, and (before, after) of each attribute."""
    event = _event(brake)
    assert event is not None
    return event.target_id, {str(i["attribute"]): (i["from"], i["to"]) for i in event.changes}


def _revert_levels(tenant_id: UUID, brake: Brake, actor: Actor) -> None:
    """Set levels back that are still as that change left them; what was changed since stays."""
    name, changes = _before(brake)
    group = UUID(name)
    levels: dict[str, tuple[int, str]] = {}
    for row in PolicyLevel.objects.filter(group_id=group):
        risk_before, risk_after = changes.get(f"{row.classification}.risk", (None, None))
        response_before, response_after = changes.get(f"{row.classification}.response", (None, None))
        risk = Risk[risk_before] if risk_before and Risk(row.risk).name == risk_after else row.risk
        response = response_before if response_before and row.response == response_after else row.response
        if (risk, response) != (row.risk, row.response):
            levels[row.classification] = (int(risk), response)
    change_policy.apply(tenant_id, group, levels, actor=actor, however_many=True)


def _revert_parameters(tenant_id: UUID, brake: Brake, actor: Actor) -> None:
    name, changes = _before(brake)
    group = UUID(name)
    row = PolicyParameters.objects.get(group_id=group)
    wanted: dict[str, Any] = {
        field: changes[field][0]
        if field in changes and changes[field][1] == getattr(row, field)
        else getattr(row, field)
        for field in PARAMETERS
    }
    change_policy.change_parameters(tenant_id, group, actor=actor, **wanted)


def _revert_days(tenant_id: UUID, brake: Brake, actor: Actor) -> None:
    _target, changes = _before(brake)
    sweep.set_disconnected_days(tenant_id, int(changes["disconnected_days"][0]), actor)


def _newest_feed() -> FeedVersion | None:
    return FeedVersion.objects.filter(active=True).select_related("feed").order_by("-imported_at").first()


def _revert_feed() -> None:
    """Put the newest feed version back to the one before it, or take the feed out of force if it is its first."""
    with database.system():
        newest = _newest_feed()
    if newest is None:
        return
    try:
        store.roll_back(newest.feed.name)
    except store.FeedError:
        store.switch_off(newest.feed.name)
