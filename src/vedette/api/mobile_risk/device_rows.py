"""Devices as the database has them, and as version 2 tells them.

`oid` is our ID of the device, a UUID v7: its order is the order of appearance. docs/mobile-risk-api.md lists every
field with what fills it, and those that nothing here can know.
"""

import datetime as dt
from typing import Any, Final, NamedTuple
from uuid import UUID

from vedette.api.mobile_risk import shapes, systems
from vedette.api.mobile_risk.shapes import moment, text
from vedette.intel.os_knowledge import NOTHING_KNOWN, OsKnowledge

SECURITY: Final = {
    "secured": "SECURE",
    "low": "THREATS_LOW",
    "medium": "THREATS_MEDIUM",
    "high": "THREATS_HIGH",
}
"""Our states that say something about threats; in all others nobody can tell."""
PROTECTED: Final = "PROTECTED"
DISCONNECTED: Final = "DISCONNECTED"
CONNECTOR_NUMBER: Final = 1
"""Each tenant has one Intune connector, so `mdm_connector_id` is always this."""
_DEVICE_ADMIN: Final = "device_admin"

PROTECTION_SQL: Final = (
    "(case when d.activation_status = 'ACTIVATED' and d.disconnected_at is null"
    " then 'PROTECTED' else 'DISCONNECTED' end)"
)
UPDATED_SQL: Final = """
  greatest(d.created_at, d.activated_at, d.deactivated_at, d.disconnected_at, d.facts_observed_at, s.since)
"""
EXTERNAL_SQL: Final = "coalesce(nullif(x.managed_device_id, ''), d.entra_device_id::text)"

JOINS: Final = """
left join compliance_devicestate s on s.device_id = d.id
left join directory_directorydevice x on x.tenant_id = d.tenant_id and x.object_id = d.entra_object_id
"""
COLUMNS: Final = f"""
d.id, d.tenant_id, d.platform, d.activation_status, d.disconnected_at, s.state,
coalesce(nullif(d.owner_email, ''), d.owner_upn), d.entra_device_id, d.group_id,
d.activated_at, d.deactivated_at, d.last_seen_at, {UPDATED_SQL},
{EXTERNAL_SQL}, coalesce(x.managed_device_id, '') <> '' or coalesce(x.managed, false),
(select i.id from intune_intuneconnector i where i.tenant_id = d.tenant_id limit 1),
d.manufacturer, d.model, d.os_version, d.security_patch, d.agent_version, d.judged_with,
d.facts - 'apps' - 'network' as facts
"""  # noqa: S608 - only our own SQL is written in


class DeviceRow(NamedTuple):
    """One row of COLUMNS."""

    id: UUID
    tenant_id: UUID
    platform: str
    activation_status: str
    disconnected_at: dt.datetime | None
    state: str | None
    email: str
    entra_device_id: UUID | None
    group_id: UUID
    activated_at: dt.datetime | None
    deactivated_at: dt.datetime | None
    last_seen_at: dt.datetime | None
    updated_at: dt.datetime
    external_id: str | None
    managed: bool
    connector_id: UUID | None
    manufacturer: str
    model: str
    os_version: str
    security_patch: dt.date | None
    agent_version: str
    judged_with: str
    facts: dict[str, Any] | None


def as_device(row: DeviceRow, known: OsKnowledge = NOTHING_KNOWN) -> shapes.Device:
    """Tell a device as models.Device; newest versions by what is known of systems."""
    facts = row.facts or {}
    state = status(row.activation_status, connected=row.disconnected_at is None, state=row.state)
    permissions: dict[str, bool] = (facts.get("agent") or {}).get("permissions") or {}
    return shapes.Device(
        guid=str(row.id),
        oid=str(row.id),
        enterprise_guid=str(row.tenant_id),
        platform=row.platform,
        activation_status=state.activation_status,
        protection_status=state.protection_status,
        security_status=state.security_status,
        email=text(row.email),
        customer_device_id=text(row.entra_device_id),
        device_group_guid=str(row.group_id),
        activated_at=moment(row.activated_at),
        deactivated_at=moment(row.deactivated_at),
        disconnected_at=moment(row.disconnected_at),
        checkin_time=moment(row.last_seen_at),
        updated_time=moment(row.updated_at),
        mdm_type="INTUNE" if row.managed else None,
        details=details(row.external_id, row.connector_id),
        hardware=hardware(row),
        software=software(row, known),
        client=client(row),
        device_permissions=[shapes.Permission(name=name, value=value) for name, value in permissions.items()]
        or None,
        device_settings=_settings(permissions),
        risky_config=_risky(facts.get("posture") or {}, facts.get("settings") or {}),
    )


def status(activation: str, *, connected: bool, state: str | None) -> shapes.Status:
    """Return the three axes. The security status exists only for an activated, connected device that reported."""
    protected = activation == "ACTIVATED" and connected
    return shapes.Status(
        activation_status=activation,
        protection_status=PROTECTED if protected else DISCONNECTED,
        security_status=SECURITY.get(state or "") if protected else None,
    )


def details(
    external_id: str | None, connector_id: UUID | None, *, as_text: bool = False
) -> shapes.DeviceDetails:
    """Return the device's place at the MDM; the connector's number is a text in threats and events."""
    number: int | str = str(CONNECTOR_NUMBER) if as_text else CONNECTOR_NUMBER
    return shapes.DeviceDetails(
        external_id=external_id,
        mdm_connector_id=number if connector_id else None,
        mdm_connector_uuid=text(connector_id),
    )


def hardware(row: DeviceRow) -> shapes.Hardware:
    """Return maker and model."""
    return shapes.Hardware(manufacturer=text(row.manufacturer), model=text(row.model))


def software(row: DeviceRow, known: OsKnowledge = NOTHING_KNOWN) -> shapes.Software:
    """Return what is known of the system, and of what its maker has released since."""
    about = (row.facts or {}).get("device") or {}
    apple = row.platform == "IOS"
    newest = None if apple or not known.newest_patch else known.newest_patch.isoformat()
    day = systems.released(known, row.os_version) if apple else None
    return shapes.Software(
        os_version=text(row.os_version),
        latest_os_version=systems.latest_version(known, row.platform, row.model),
        os_version_date=day.isoformat() if day else None,
        sdk_version=text(about.get("sdk")),
        security_patch_level=row.security_patch.isoformat() if row.security_patch else None,
        latest_security_patch_level=newest,
    )


def client(row: DeviceRow) -> shapes.Client | None:
    """Return the app on the device; its definitions are those that judged it last, since the service judges."""
    if not row.agent_version:
        return None
    return shapes.Client(package_version=row.agent_version, ota_version=text(row.judged_with))


def _settings(permissions: dict[str, bool]) -> shapes.DeviceSettings | None:
    admin = permissions.get(_DEVICE_ADMIN)
    return (
        None
        if admin is None
        else shapes.DeviceSettings(device_admin_settings=shapes.DeviceAdmin(activated=admin))
    )


def _risky(posture: dict[str, Any], settings: dict[str, Any]) -> shapes.RiskyConfig | None:
    developer, admins = _on(posture.get("developer_options")), settings.get("device_admins")
    found = shapes.RiskyConfig(
        lock_screen=_on(posture.get("screen_lock")),
        encryption=_on(posture.get("encrypted")),
        developer_mode=developer,
        developer_mode_v2=developer,
        usb_debugging=_on(posture.get("adb")),
        install_non_market_apps=_on(settings.get("unknown_sources")),
        packages_with_admin=None if admins is None else [shapes.Named(name=name) for name in admins],
        trusted_signing_identities=settings.get("trusted_developers"),
    )
    return found if found != shapes.RiskyConfig() else None


def _on(value: object) -> str | None:
    return None if not isinstance(value, bool) else "ENABLED" if value else "DISABLED"
