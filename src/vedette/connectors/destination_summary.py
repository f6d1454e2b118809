"""An event in a few flat facts, for formats that have no room for its whole shape; and in a sentence, for people.

Each format maps these facts to its own names (docs/deliveries.md lists all of them).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from vedette.connectors.destination_events import Told
from vedette.foundation import config
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web import badges

SEVERITIES: Final = {Risk.NONE: 1, Risk.ADVISORY: 2, Risk.LOW: 4, Risk.MEDIUM: 6, Risk.HIGH: 9}
"""Our levels on the scale from 0 to 10 that CEF and LEEF share (CEF: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high)."""
ENGLISH: Final = "en"


@dataclass(frozen=True)
class Summary:
    """What an event says. Empty texts are facts that it does not have."""

    id: str
    tenant: str
    at: dt.datetime
    type: str
    change: str
    action: str
    category: str
    """As Lookout's own translator names the kinds of events (reference/lookout.md 2.7)."""
    title: str
    severity: int
    level: str
    actor_type: str
    actor: str
    target_type: str
    target: str
    device: str
    device_name: str
    user: str
    platform: str
    manufacturer: str
    model: str
    os_version: str
    patch_level: str
    entra_device: str
    activation: str
    protection: str
    security: str
    threat: str
    threat_type: str
    classification: str
    status: str
    text: str
    package: str
    application: str
    file_sha: str
    path: str
    url: str
    network: str
    url_here: str
    simulated: bool
    test: bool


def summarise(told: Told, language: str = ENGLISH) -> Summary:
    """Draw up the facts of an event; words in `language`."""
    event = told.event
    device, threat = _part(event, "device"), _part(event, "threat")
    status, software = _part(device, "status"), _part(device, "software")
    hardware, details = _part(device, "hardware"), _part(threat, "details")
    owner = _part(device, "info") or _part(threat, "device")
    phone = str(device.get("guid") or _part(threat, "device").get("guid") or _device_of(told))
    return Summary(
        id=str(told.id),
        tenant=str(event.get("enterprise_guid", "")),
        at=told.occurred_at,
        type=told.type,
        change=str(event.get("change_type", "")),
        action=told.action,
        category=category(event),
        title=title(told, language),
        severity=SEVERITIES[told.risk],
        level=told.risk.name,
        actor_type=str(_part(event, "actor").get("type", "")),
        actor=told.actor_name or str(_part(event, "actor").get("guid") or ""),
        target_type=str(_part(event, "target").get("type", "")),
        target=str(_part(event, "target").get("guid") or ""),
        device=phone,
        device_name=told.target_name if told.type == "DEVICE" else "",
        user=str(owner.get("email") or ""),
        platform=str(device.get("platform") or _part(threat, "device").get("platform") or ""),
        manufacturer=str(hardware.get("manufacturer") or ""),
        model=str(hardware.get("model") or ""),
        os_version=str(software.get("os_version") or details.get("os_version") or ""),
        patch_level=str(software.get("security_patch_level") or ""),
        entra_device=str(owner.get("customer_device_id") or ""),
        activation=str(status.get("activation_status") or ""),
        protection=str(status.get("protection_status") or ""),
        security=str(status.get("security_status") or ""),
        threat=str(threat.get("guid") or ""),
        threat_type=str(threat.get("type") or ""),
        classification=_classification(threat),
        status=str(threat.get("status") or ""),
        text=told.target_name if told.type == "THREAT" else "",
        package=str(details.get("package_name") or ""),
        application=str(details.get("application_name") or ""),
        file_sha=str(details.get("package_sha") or ""),
        path=str(details.get("path") or ""),
        url=str(details.get("url") or ""),
        network=str(details.get("network_ssid") or ""),
        url_here=_url(told, threat, phone),
        simulated=told.simulated,
        test=told.test,
    )


def category(event: Mapping[str, Any]) -> str:
    """Return the kind of an event within its type, as Lookout's translator to LEEF names it."""
    if event.get("type") == "THREAT":
        return _classification(_part(event, "threat"))
    if event.get("type") == "DEVICE":
        status = _part(_part(event, "device"), "status")
        activation, security = status.get("activation_status", ""), status.get("security_status")
        if activation != "ACTIVATED":
            return str(activation)
        return f"{activation}_{security}" if security else str(event.get("change_type", ""))
    return str(_part(event, "audit").get("type", ""))


def title(told: Told, language: str = ENGLISH) -> str:
    """Say an event in a few words."""
    with translation.override(language):
        if told.test:
            return _("Test event of Vedette: nothing has happened")
        words = _threat(told, language) if told.type == "THREAT" else _other(told)
        return _("Simulated: %(title)s") % {"title": words} if told.simulated else words


def _threat(told: Told, language: str) -> str:
    threat = _part(told.event, "threat")
    known = CLASSIFICATIONS.get(_classification(threat))
    name = known.words(language).title if known else _classification(threat)
    status = str(threat.get("status", "")).upper()
    if status == "RESOLVED":
        return _("Threat resolved: %(name)s") % {"name": name}
    if status == "IGNORED":
        return _("Threat ignored: %(name)s") % {"name": name}
    return _("Threat found: %(name)s") % {"name": name}


def _other(told: Told) -> str:
    if told.type == "DEVICE":
        name = told.target_name or _("A phone")
        if not told.state_after:
            return _("%(name)s: %(action)s") % {"name": name, "action": told.action}
        after = badges.state(told.state_after).label
        if not told.state_before:
            return _("%(name)s: %(after)s") % {"name": name, "after": after}
        before = badges.state(told.state_before).label
        return _("%(name)s: %(before)s → %(after)s") % {"name": name, "before": before, "after": after}
    return _("Audit trail: %(action)s") % {"action": told.action}


def _classification(threat: Mapping[str, Any]) -> str:
    return str(next(iter(threat.get("classifications") or ()), ""))


def _device_of(told: Told) -> str:
    """Return the phone that a threat event names only as its target."""
    target = _part(told.event, "target")
    return str(target.get("guid") or "") if told.type == "THREAT" or target.get("type") == "DEVICE" else ""


def _url(told: Told, threat: Mapping[str, Any], phone: str) -> str:
    base = config.current().public_url
    if told.type == "THREAT" and threat.get("guid"):
        return f"{base}/threats/{threat['guid']}/"
    if told.type == "DEVICE" and phone:
        return f"{base}/devices/{phone}/"
    return f"{base}/system/audit/"


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, Mapping) else {}
