"""Events as destinations are told of them: in the words of the Mobile Risk API, with what flat formats need beside.

An event looks the same whichever way it came: the same `id` in the stream, the pages of the API and every delivery. The
shapes belong to the API, above this layer, which names its function when Django starts.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from vedette.connectors.destination_models import Destination
from vedette.devices.models import Device
from vedette.events import reading
from vedette.events.reading import Logged
from vedette.foundation import at_once
from vedette.verdict.risk import Risk

log = logging.getLogger(__name__)

SCAN: Final = 500
"""Events that are looked at in one step, told or not."""
TYPES: Final = ("THREAT", "DEVICE", "AUDIT")
STATES: Final = {"low": Risk.LOW, "medium": Risk.MEDIUM, "high": Risk.HIGH}
_Shaper = Callable[[Sequence[Logged]], list[dict[str, Any]]]


@dataclass(frozen=True)
class Told:
    """One event. ``event`` is models.Event of the Mobile Risk API v2 as JSON values, with `test` in a test event."""

    position: int
    id: uuid.UUID
    type: str
    action: str
    occurred_at: datetime
    risk: Risk
    event: Mapping[str, Any]
    actor_name: str = ""
    target_name: str = ""
    state_before: str = ""
    state_after: str = ""
    simulated: bool = False
    test: bool = False


@dataclass(frozen=True)
class Batch:
    """Events to be told, in order, and the position up to which the log was looked through."""

    events: list[Told]
    until: int


_shapers: list[_Shaper] = []


def provide_shapes(shaper: _Shaper) -> None:
    """Name the function that puts events into the words of the API; called once, when Django starts."""
    _shapers[:] = [shaper]


def following(destination: Destination, limit: int) -> Batch:
    """Read what a destination is to be told next; inside the tenant's door."""
    tenant_id, position = destination.tenant_id, destination.position
    logged = at_once.run(reading.after(at_once.borrowed(), tenant_id, position, SCAN))
    wanted = list(_wanted(destination, logged))
    chosen = wanted[:limit]
    if len(wanted) > limit:
        return Batch(tell(chosen), chosen[-1].position)
    return Batch(tell(chosen), logged[-1].position if logged else position)


def at_positions(tenant_id: uuid.UUID, positions: Sequence[int]) -> list[Told]:
    """Read events by their places, in order; inside the tenant's door."""
    return tell(at_once.run(_logged_at(tenant_id, positions)))


async def _logged_at(tenant_id: uuid.UUID, positions: Sequence[int]) -> list[Logged]:
    cursor = await at_once.borrowed().execute(
        f"select {reading.COLUMNS} from events_event"  # noqa: S608 - only our own SQL is written in
        " where tenant_id = %(tenant)s and position = any(%(positions)s) order by position",
        {"tenant": tenant_id, "positions": list(positions)},
    )
    return [Logged(*row) for row in await cursor.fetchall()]


def tell(logged: Sequence[Logged]) -> list[Told]:
    """Put events into the words of the API; inside the tenant's door."""
    if not logged:
        return []
    try:
        shapes = _shapers[0](logged)
    except (LookupError, TypeError, ValueError):
        # One that cannot be put into words must not hold up the others, nor be lost.
        log.exception("Some of the events from %s on cannot be told as they should", logged[0].position)
        shapes = [_plainly(event) for event in logged]
    return [_told(event, shape) for event, shape in zip(logged, shapes, strict=True)]


def test_event(tenant_id: uuid.UUID, moment: datetime, event_id: uuid.UUID, actor: str) -> Told:
    """Make an event that says it is a test: an audit event that no log holds."""
    return Told(
        position=0,
        id=event_id,
        type="AUDIT",
        action="destination.tested",
        occurred_at=moment,
        risk=Risk.NONE,
        event={
            "id": str(event_id),
            "enterprise_guid": str(tenant_id),
            "created_time": moment.isoformat(timespec="milliseconds"),
            "type": "AUDIT",
            "change_type": "CREATED",
            "target": {"type": "ENTERPRISE", "guid": str(tenant_id)},
            "actor": {"type": "ADMIN"},
            "audit": {"type": "PRODUCT_SETTINGS", "action": "destination.tested"},
            "test": True,
        },
        actor_name=actor,
        test=True,
    )


def _plainly(event: Logged) -> dict[str, Any]:
    """Tell an event with no more than the log itself says, where it cannot be told better."""
    try:
        return _shapers[0]([event])[0]
    except (LookupError, TypeError, ValueError):
        return {
            "id": str(event.id),
            "enterprise_guid": str(event.tenant_id),
            "created_time": event.occurred_at.isoformat(timespec="milliseconds"),
            "type": event.type,
            "change_type": event.change_type,
            "target": {"type": event.target_type.upper(), "guid": event.target_id},
            "actor": {"type": event.actor_type, "guid": event.actor_id},
        }


def _told(event: Logged, shape: dict[str, Any]) -> Told:
    before, after = _states(event)
    return Told(
        position=event.position,
        id=event.id,
        type=event.type,
        action=event.action,
        occurred_at=event.occurred_at,
        risk=risk_of(event),
        event=shape,
        actor_name=event.actor_name,
        target_name=event.target_name,
        state_before=before,
        state_after=after,
        simulated=bool(event.detail.get("simulated")),
    )


def risk_of(event: Logged) -> Risk:
    """Return the level of an event: a threat's risk, the worse of a phone's two states; none for an audit event."""
    if event.type == "THREAT":
        try:
            return Risk(event.detail.get("risk", Risk.NONE))
        except ValueError:
            # told rather than held up, with all that are behind it
            return Risk.HIGH
    # A phone that is safe again matters to whoever was told that it was not.
    return max(STATES.get(state, Risk.NONE) for state in _states(event))


def _states(event: Logged) -> tuple[str, str]:
    found = next((item for item in event.changes if item.get("attribute") == "state"), {})
    return str(found.get("from") or ""), str(found.get("to") or "")


def _wanted(destination: Destination, logged: Sequence[Logged]) -> Iterator[Logged]:
    kept = [event for event in logged if event.type in destination.types]
    # Audit events have no level: whoever wants none of them leaves their type out.
    kept = [event for event in kept if event.type == "AUDIT" or risk_of(event) >= destination.level]
    if not destination.groups:
        yield from kept
        return
    group_of = _groups(kept)
    for event in kept:
        group = group_of.get(_phone(event))
        # What is about no phone, or about one that is gone, is told rather than lost.
        if group is None or group in destination.groups:
            yield event


def _phone(event: Logged) -> str:
    if event.type == "THREAT":
        return str(event.detail.get("device_id", ""))
    return event.target_id if event.target_type == "device" else ""


def _groups(events: Sequence[Logged]) -> dict[str, str]:
    ids = {_phone(event) for event in events} - {""}
    rows = Device.objects.filter(pk__in=ids).values_list("pk", "group_id")
    return {str(device): str(group) for device, group in rows}
