"""Events of the log as version 2 tells them.

The log keeps what happened, the rows of devices and threats what is known of them: an event is told with both. What was
deleted since is told with what the log itself says. Threat events go by the phone: `target.guid` is the device, as in
every event that Lookout's clients were seen to read (reference/lookout.md 2.3).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.api.mobile_risk import device_rows, shapes, threats
from vedette.api.mobile_risk.audit_types import TARGETS, audit
from vedette.api.mobile_risk.device_rows import COLUMNS, JOINS, DeviceRow
from vedette.api.mobile_risk.shapes import Assessment, Details, Status, ThreatChange, Who, moment, text
from vedette.api.mobile_risk.threat_details import details
from vedette.api.mobile_risk.threats import ThreatRow
from vedette.events.reading import Logged
from vedette.verdict.classifications import classification
from vedette.verdict.risk import Risk

TYPES: Final = ("DEVICE", "THREAT", "AUDIT")
ACCEPTED: Final = frozenset({*TYPES, "SMISHING_ALERT"})
"""Types that may be asked for. Text messages are never read here, so there are no smishing alerts."""

_CHANGES: Final = frozenset({"CREATED", "UPDATED", "DELETED", "PURGED"})
_NOT_ACTIVATED: Final = "not_activated"

Applications = Mapping[UUID, tuple[ThreatRow, Any]]


class Known:
    """Rows of the devices and threats that some events are about."""

    def __init__(self, devices: Mapping[UUID, DeviceRow], found: Applications) -> None:
        self.devices = devices
        self.threats = found


async def look_up(connection: AsyncConnection[Any], events: Sequence[Logged]) -> Known:
    """Read what events are about: two queries at most, however many they are."""
    device_ids = {found for event in events if event.type == "DEVICE" and (found := guid(event.target_id))}
    threat_ids = {found for event in events if event.type == "THREAT" and (found := guid(event.target_id))}
    devices: dict[UUID, DeviceRow] = {}
    if device_ids:
        cursor = await connection.execute(
            f"select {COLUMNS} from devices_device d {JOINS} where d.id = any(%(ids)s)",  # noqa: S608 - our own SQL
            {"ids": list(device_ids)},
        )
        devices = {row[0]: DeviceRow(*row) for row in await cursor.fetchall()}
    return Known(devices, await threats.rows_of(connection, list(threat_ids)))


def as_event(event: Logged, known: Known) -> shapes.Event:
    """Tell one event."""
    told = shapes.Event(
        id=event.id,
        enterprise_guid=event.tenant_id,
        created_time=moment(event.occurred_at) or "",
        type=event.type,
        change_type=change_type(event),
        target=_target(event),
        actor=actor(event),
    )
    if event.type == "DEVICE":
        told.device = _device(event, known)
    elif event.type == "THREAT":
        told.threat = _threat(event, known)
    else:
        told.audit = audit(event)
    return told


def change_type(event: Logged) -> str:
    """Return what happened in one word; a threat that is resolved was updated."""
    return event.change_type if event.change_type in _CHANGES else "UPDATED"


def actor(event: Logged) -> Who:
    """Return who did it. What a phone's report brought about counts as done by the phone."""
    if event.type == "THREAT" and event.actor_type in {"SYSTEM", "DEVICE"}:
        return Who(type="DEVICE", guid=text(event.detail.get("device_id")))
    if event.type == "DEVICE" and event.actor_type == "SYSTEM" and event.detail.get("cause") == "report":
        return Who(type="DEVICE", guid=text(event.target_id))
    kind = "ADMIN" if event.actor_type == "OPERATOR" else event.actor_type
    return Who(type=kind, guid=text(event.actor_id))


def device_status(event: Logged, state: object) -> Status:
    """Return the three axes at the moment of an event that left a device in this state (compliance.state)."""
    if event.change_type == "PURGED":
        return Status(activation_status="DELETED", protection_status=device_rows.DISCONNECTED)
    reasons = {reason.get("code") for reason in event.detail.get("reasons") or ()}
    activation = "ACTIVATED"
    if state == "deactivated" or (state == "pending" and _NOT_ACTIVATED in reasons):
        activation = "DEACTIVATED" if state == "deactivated" else "PENDING"
    return device_rows.status(activation, connected=state != "disconnected", state=str(state))


def state_after(event: Logged) -> object:
    """Return the state that an event left a device in."""
    return next((item.get("to") for item in event.changes if item.get("attribute") == "state"), None)


def threat_status(event: Logged) -> str:
    """Return the status that an event left a threat in."""
    found = next((item.get("to") for item in event.changes if item.get("attribute") == "status"), "")
    return str(found).upper()


def guid(value: str) -> UUID | None:
    """Return a target's ID where it is one of ours."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _target(event: Logged) -> Who:
    if event.type == "THREAT":
        return Who(type="THREAT", guid=text(event.detail.get("device_id")))
    kind = TARGETS.get(event.target_type, "ENTERPRISE")
    return Who(type=kind, guid=event.tenant_id if kind == "ENTERPRISE" else text(event.target_id))


def _device(event: Logged, known: Known) -> shapes.DeviceChange:
    row = known.devices.get(guid(event.target_id) or event.id)
    status = device_status(event, state_after(event))
    if row is None:
        platform = text(event.detail.get("platform"))
        return shapes.DeviceChange(guid=event.target_id, status=status, platform=platform)
    at = device_rows.details(row.external_id, row.connector_id, as_text=True)
    return shapes.DeviceChange(
        guid=event.target_id,
        status=status,
        platform=row.platform,
        info=shapes.Info(
            email=text(row.email),
            customer_device_id=text(row.entra_device_id),
            external_id=at.external_id,
            mdm_type="INTUNE" if row.managed else None,
            mdm_connector_id=text(at.mdm_connector_id),
            device_group_guids=[str(row.group_id)],
        ),
        hardware=device_rows.hardware(row),
        software=device_rows.software(row),
        client=device_rows.client(row),
    )


def _threat(event: Logged, known: Known) -> ThreatChange:
    code = str(event.detail.get("classification", "UNKNOWN"))
    risk = Risk(event.detail.get("risk", Risk.NONE)).name
    row, app = known.threats.get(guid(event.target_id) or event.id, (None, None))
    return ThreatChange(
        guid=event.target_id,
        status=threat_status(event),
        severity=risk,
        type=classification(code).family.value,
        classifications=[code],
        assessments=[Assessment(classification=code, risk=risk)],
        details=details(code, row.key, row.evidence, response=row.response, app=app) if row else Details(),
        device=threats.subject(row) if row else None,
    )
