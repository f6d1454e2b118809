"""Shapes of version 2 as the specification names them; what has no value is left out.

`Device`, `Threat`, `Event` and their parts are `models.…` of the published specification (reference/lookout.md 1.3,
2.2, 2.3). Times are ISO 8601 with milliseconds and offset.
"""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec


class Shape(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Base: what is None is not sent."""


class Hardware(Shape):
    """models.Hardware."""

    manufacturer: str | None = None
    model: str | None = None


class Software(Shape):
    """models.Software."""

    os_version: str | None = None
    latest_os_version: str | None = None
    os_version_date: str | None = None
    os_version_rsr: str | None = None
    rsr: str | None = None
    sdk_version: str | None = None
    security_patch_level: str | None = None
    latest_security_patch_level: str | None = None


class Client(Shape):
    """models.Client."""

    package_name: str | None = None
    package_version: str | None = None
    ota_version: str | None = None


class DeviceDetails(Shape):
    """models.DeviceDetails; `mdm_connector_id` is a number here and a text in threats, as specified."""

    external_id: str | None = None
    mdm_connector_id: int | str | None = None
    mdm_connector_uuid: str | None = None


class Permission(Shape):
    """models.DevicePermission."""

    name: str
    value: bool = msgspec.field(default=None)  # type: ignore[assignment] # never left out: False is said too


class DeviceAdmin(Shape):
    """models.DeviceAdminSettings."""

    activated: bool | None = None


class DeviceSettings(Shape):
    """models.DeviceSettings."""

    device_admin_settings: DeviceAdmin | None = None


class Named(Shape):
    """models.PackagesWithAdmin."""

    name: str


class RiskyConfig(Shape):
    """models.RiskyConfig; the states are ENABLED and DISABLED."""

    lock_screen: str | None = None
    encryption: str | None = None
    developer_mode: str | None = None
    developer_mode_v2: str | None = None
    usb_debugging: str | None = None
    install_non_market_apps: str | None = None
    packages_with_admin: list[Named] | None = None
    trusted_signing_identities: list[str] | None = None


class Vulnerability(Shape):
    """models.Vulnerability."""

    name: str
    severity: str | None = None
    category: str | None = None
    classification: str | None = None
    description: str | None = None
    summary: str | None = None
    uri: str | None = None


class VulnerabilityInfo(Shape):
    """models.VulnerabilityInfo."""

    info: Vulnerability


class DeviceVulnerabilities(Shape):
    """models.DeviceVulnerabilities; empty when nothing is known against the device."""

    vulnerabilities: list[VulnerabilityInfo] | None = None


class Status(Shape):
    """models.Status."""

    activation_status: str
    protection_status: str
    security_status: str | None = None
    checkin_time: str | None = None


class Device(Shape):
    """models.Device."""

    guid: str
    oid: str
    enterprise_guid: str
    platform: str
    activation_status: str
    protection_status: str
    email: str | None = None
    customer_device_id: str | None = None
    device_group_guid: str | None = None
    security_status: str | None = None
    activated_at: str | None = None
    deactivated_at: str | None = None
    disconnected_at: str | None = None
    checkin_time: str | None = None
    updated_time: str | None = None
    mdm_type: str | None = None
    details: DeviceDetails | None = None
    hardware: Hardware | None = None
    software: Software | None = None
    client: Client | None = None
    device_permissions: list[Permission] | None = None
    device_settings: DeviceSettings | None = None
    risky_config: RiskyConfig | None = None
    device_vulns: DeviceVulnerabilities | None = None


class Devices(msgspec.Struct):
    """v2.GetDevicesResponse."""

    count: int
    devices: list[Device]


class DeviceForThreat(Shape):
    """DeviceForThreat."""

    guid: str
    email: str | None = None
    customer_device_id: str | None = None
    platform: str | None = None
    details: DeviceDetails | None = None


class AgentConfig(Shape):
    """models.LatestAgentConfig."""

    minimum_compliant_version: int | None = None


class Details(Shape):
    """models.Details: filled by the type of the threat."""

    application_name: str | None = None
    package_name: str | None = None
    package_sha: str | None = None
    file_name: str | None = None
    path: str | None = None
    trusted_signing_identity: str | None = None
    minimum_os_version: str | None = None
    version_type: str | None = None
    os_version: str | None = None
    latest_os_version: str | None = None
    network_ssid: str | None = None
    mac_address: str | None = None
    dns_ip_addresses: list[str] | None = None
    proxy_protocol: str | None = None
    proxy_address: str | None = None
    proxy_port: int | None = None
    vpn_present: bool | None = None
    vpn_local_address: str | None = None
    url: str | None = None
    reason: str | None = None
    response: str | None = None
    user_response: str | None = None
    reputation: float | None = None
    latest_agent_config: AgentConfig | None = None


class Assessment(Shape):
    """models.Assessment."""

    classification: str
    risk: str | None = None


class Threat(Shape):
    """models.Threat."""

    guid: str
    oid: str
    enterprise_guid: str
    device_guid: str
    type: str
    classification: str
    risk: str
    status: str
    description: str | None = None
    created_time: str | None = None
    detected_at: str | None = None
    resolved_at: str | None = None
    assessments: list[Assessment] | None = None
    details: Details | None = None
    device: DeviceForThreat | None = None


class Threats(msgspec.Struct):
    """v2.GetThreatsResponse."""

    count: int
    threats: list[Threat]


class Who(Shape):
    """models.Actor and models.Target."""

    type: str
    guid: UUID | str | None = None


class AttributeChange(Shape):
    """models.AttributeChange; the member `from` is a word of Python."""

    name: str
    before: str | None = msgspec.field(default=None, name="from")
    to: str | None = None


class Audit(Shape):
    """models.Audit; `action` is ours: the name of the act in the audit trail."""

    type: str
    attribute_changes: list[AttributeChange] | None = None
    action: str | None = None


class Info(Shape):
    """models.Info."""

    email: str | None = None
    customer_device_id: str | None = None
    external_id: str | None = None
    mdm_type: str | None = None
    mdm_connector_id: str | None = None
    device_group_guids: list[str] | None = None


class DeviceChange(Shape):
    """models.DeviceChange."""

    guid: str
    status: Status
    platform: str | None = None
    info: Info | None = None
    hardware: Hardware | None = None
    software: Software | None = None
    client: Client | None = None


class ThreatChange(Shape):
    """models.ThreatChange; `device` is ours: whom it concerns (Sentinel's queries look for it)."""

    guid: str
    status: str
    severity: str
    type: str
    classifications: list[str]
    assessments: list[Assessment]
    details: Details
    device: DeviceForThreat | None = None


class Event(Shape):
    """models.Event: exactly one of device, threat and audit, named after its type."""

    id: UUID
    enterprise_guid: UUID
    created_time: str
    type: str
    change_type: str
    target: Who
    actor: Who
    device: DeviceChange | None = None
    threat: ThreatChange | None = None
    audit: Audit | None = None


def moment(at: dt.datetime | None) -> str | None:
    """Write a time as the wire has it: `2025-02-20T09:55:18.817+00:00`."""
    if at is None:
        return None
    return (at if at.tzinfo is dt.UTC else at.astimezone(dt.UTC)).isoformat(timespec="milliseconds")


def text(value: Any) -> str | None:
    """Return a value as text; None for none and for an empty text."""
    return None if value is None or value == "" else str(value)
