"""Events of the log as version 1 tells them (reference/lookout.md 2.5)."""

import base64
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from vedette.api.mobile_risk import event_rows, shapes
from vedette.api.mobile_risk.audit_types import TARGETS, audit, audit_type_v1
from vedette.api.mobile_risk.device_rows import CONNECTOR_NUMBER, DeviceRow
from vedette.api.mobile_risk.event_rows import Known, guid
from vedette.api.mobile_risk.shapes import moment, text
from vedette.api.mobile_risk.shapes_v1 import (
    Actor,
    Assessment,
    AttributeChange,
    AuditDetails,
    DeviceDetails,
    Event,
    Target,
    ThreatDetails,
)
from vedette.api.mobile_risk.threat_details import details
from vedette.events.reading import Logged
from vedette.verdict.classifications import classification
from vedette.verdict.risk import Risk

_ACTIONS: Final[Mapping[str, str]] = {"OPEN": "DETECTED", "RESOLVED": "RESOLVED", "IGNORED": "IGNORED"}
_REASONS: Final[Mapping[str, str]] = {"DENYLISTED": "BLACKLISTED"}
_USER_ACTIONS: Final[Mapping[str, str]] = {"ALLOWLISTED": "WHITELISTED"}
_AXES: Final = {
    "activationStatus": "activation_status",
    "protectionStatus": "protection_status",
    "securityStatus": "security_status",
}


def as_event(event: Logged, known: Known) -> Event:
    """Tell one event."""
    who = event_rows.actor(event)
    told = Event(
        type=event.type,
        id=str(event.id),
        event_time=moment(event.occurred_at) or "",
        change_type=event_rows.change_type(event),
        actor=Actor(type=who.type, id=text(who.guid)),
        details=_details(event, known),
        target=_target(event, known),
    )
    if event.type == "DEVICE":
        told.updated_details = _updated(event)
    return told


def _details(event: Logged, known: Known) -> DeviceDetails | ThreatDetails | AuditDetails:
    if event.type == "DEVICE":
        return _device(event_rows.device_status(event, event_rows.state_after(event)))
    if event.type == "THREAT":
        return _threat(event, known)
    changes = audit(event).attribute_changes or []
    return AuditDetails(
        type=audit_type_v1(event.action),
        attribute_changes=[AttributeChange(name=one.name, before=one.before, to=one.to) for one in changes],
    )


def _device(status: shapes.Status) -> DeviceDetails:
    security = status.security_status
    return DeviceDetails(
        type="DEVICE_STATUS",
        activation_status=status.activation_status,
        protection_status=status.protection_status,
        security_status=security and security.replace("THREATS_", "THREAT_"),
    )


def _updated(event: Logged) -> list[str]:
    """Name what changed, by the states before and after; a client reads what is named, so it has to be there."""
    before = next((item.get("from") for item in event.changes if item.get("attribute") == "state"), None)
    after = event_rows.device_status(event, event_rows.state_after(event))
    if before is None:
        return [name for name, axis in _AXES.items() if getattr(after, axis)]
    # a phone that was pending was not activated, as far as the log can tell
    was = event_rows.device_status(event, before)
    if before == "pending":
        was = shapes.Status(activation_status="PENDING", protection_status="DISCONNECTED")
    changed = {
        name: getattr(after, axis)
        for name, axis in _AXES.items()
        if getattr(was, axis) != getattr(after, axis)
    }
    return [name for name, value in changed.items() if value]


def _threat(event: Logged, known: Known) -> ThreatDetails:
    code = str(event.detail.get("classification", "UNKNOWN"))
    kind, risk = classification(code), Risk(event.detail.get("risk", Risk.NONE)).name
    name = kind.alias or code
    row, app = known.threats.get(guid(event.target_id) or event.id, (None, None))
    found = details(code, row.key, row.evidence, response=row.response, app=app) if row else shapes.Details()
    sha = found.package_sha
    return ThreatDetails(
        type=kind.family.value,
        id=event.target_id,
        action=_ACTIONS.get(event_rows.threat_status(event), "DETECTED"),
        severity=risk,
        classifications=[name],
        assessments=[Assessment(classification=name, id=event.target_id, severity=risk)],
        description=row.summary if row else None,
        application_name=found.application_name,
        package_name=found.package_name,
        package_sha=base64.b64encode(sha.encode()).decode() if sha else None,
        path=found.path,
        file_name=found.file_name,
        os_version=found.os_version,
        trusted_signing_identity=found.trusted_signing_identity,
        pcp_reporting_reason=_REASONS.get(found.reason or "", found.reason),
        pcp_device_response=found.response,
        pcp_user_action=_USER_ACTIONS.get(found.user_response or "", found.user_response),
        url=found.url,
        ssid=found.network_ssid,
        mac_address=found.mac_address,
        dns_ip_addresses=found.dns_ip_addresses,
        proxy_protocol=found.proxy_protocol,
        proxy_address=found.proxy_address,
        proxy_port=found.proxy_port,
        vpn_present=found.vpn_present,
        vpn_local_address=found.vpn_local_address,
    )


def _target(event: Logged, known: Known) -> Target:
    if event.type == "AUDIT":
        kind = TARGETS.get(event.target_type, "ENTERPRISE")
        return Target(type=kind, id=str(event.tenant_id) if kind == "ENTERPRISE" else text(event.target_id))
    if event.type == "DEVICE":
        row = known.devices.get(guid(event.target_id) or event.id)
        return _phone(event.target_id, row, text(event.detail.get("platform")))
    device_id = str(event.detail.get("device_id", ""))
    return _phone(device_id, known.devices.get(guid(device_id) or event.id), None)


def _phone(device_id: str, row: DeviceRow | None, platform: str | None) -> Target:
    if row is None:
        return Target(type="DEVICE", id=device_id, platform=platform or "UNKNOWN")
    return Target(
        type="DEVICE",
        id=device_id,
        external_id=row.external_id,
        email_address=text(row.email),
        platform=row.platform,
        os_version=text(row.os_version),
        manufacturer=text(row.manufacturer),
        model=text(row.model),
        mdm_connector_id=CONNECTOR_NUMBER if row.connector_id else None,
        customer_device_id=text(row.entra_device_id),
    )


def device_of(event: Logged) -> UUID | None:
    """Return the device that an event is about."""
    if event.type == "DEVICE":
        return guid(event.target_id)
    return guid(str(event.detail.get("device_id", ""))) if event.type == "THREAT" else None
