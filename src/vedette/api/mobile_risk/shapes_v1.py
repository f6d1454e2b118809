"""Shapes of version 1 (reference/lookout.md 2.5); what has no value is left out."""

from typing import Any

import msgspec


class Shape(msgspec.Struct, omit_defaults=True, kw_only=True, rename="camel"):
    """Base: names in camel case, what is None is not sent."""


class Actor(Shape):
    """Who did it."""

    type: str
    id: str | None = None


class Target(Shape):
    """What it was done to; a device with what is known of it."""

    type: str
    id: str | None = None
    external_id: str | None = None
    email_address: str | None = None
    platform: str | None = None
    os_version: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    mdm_connector_id: int | None = None
    customer_device_id: str | None = None


class DeviceDetails(Shape):
    """State of a device."""

    type: str
    activation_status: str
    protection_status: str
    security_status: str | None = None


class Assessment(Shape):
    """What a threat is held for; `id` is the threat's."""

    classification: str
    id: str
    severity: str


class ThreatDetails(Shape):
    """What became of a threat. `package_sha` is base64 over the hexadecimal hash, as in the original."""

    type: str
    id: str
    action: str
    severity: str
    classifications: list[str]
    assessments: list[Assessment]
    description: str | None = None
    application_name: str | None = None
    package_name: str | None = None
    package_sha: str | None = None
    path: str | None = None
    file_name: str | None = None
    os_version: str | None = None
    trusted_signing_identity: str | None = None
    pcp_reporting_reason: str | None = None
    pcp_device_response: str | None = None
    pcp_user_action: str | None = None
    url: str | None = None
    ssid: str | None = None
    mac_address: str | None = None
    dns_ip_addresses: list[str] | None = None
    proxy_protocol: str | None = None
    proxy_address: str | None = None
    proxy_port: int | None = None
    vpn_present: bool | None = None
    vpn_local_address: str | None = None


class AttributeChange(Shape):
    """What an attribute was and is."""

    name: str
    before: str | None = msgspec.field(default=None, name="from")
    to: str | None = None


class AuditDetails(Shape):
    """What an administrator or the system did."""

    type: str
    attribute_changes: list[AttributeChange]


class Event(Shape):
    """One event; `details` by its type."""

    type: str
    id: str
    event_time: str
    change_type: str
    actor: Actor
    details: DeviceDetails | ThreatDetails | AuditDetails
    target: Target
    updated_details: list[str] | None = None


class Link(Shape):
    """Where to go on."""

    href: str
    rel: str


class Page(msgspec.Struct, rename="camel", kw_only=True, omit_defaults=True):
    """An answer; `total_count` only where an offset was asked for."""

    count: int
    stream_position: str
    more_events: bool
    request_id: str
    links: list[Link]
    events: list[Any]
    total_count: int | None = None
