"""Events as documents of the Elastic Common Schema 8.11; the event itself stands whole under `vedette`."""

from collections.abc import Mapping
from typing import Any, Final

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_product import PRODUCT, VENDOR, version
from vedette.connectors.destination_summary import Summary, summarise

ECS_VERSION: Final = "8.11.0"
_KINDS: Final[Mapping[str, tuple[str, list[str], list[str]]]] = {
    "THREAT": ("alert", ["threat"], ["indicator"]),
    "DEVICE": ("state", ["host"], ["change"]),
    "AUDIT": ("event", ["configuration"], ["change"]),
}
_SEVERITY: Final = 10
"""event.severity runs from 0 to 99 by Elastic's own rules (21, 47, 73, 99)."""
_PLATFORMS: Final[Mapping[str, dict[str, str]]] = {
    "ANDROID": {"type": "android", "platform": "android", "name": "Android"},
    "IOS": {"type": "ios", "platform": "ios", "name": "iOS"},
}


def document(told: Told) -> dict[str, Any]:
    """Write the document of an event."""
    summary = summarise(told)
    kind, category, types = _KINDS.get(told.type, _KINDS["AUDIT"])
    written: dict[str, Any] = {
        "@timestamp": told.occurred_at.isoformat(timespec="milliseconds"),
        "ecs": {"version": ECS_VERSION},
        "message": summary.text or summary.title,
        "event": {
            "id": summary.id,
            "kind": kind,
            "category": category,
            "type": types,
            "action": summary.action,
            "code": summary.category,
            "reason": summary.title,
            "severity": min(99, summary.severity * _SEVERITY + 9),
            "module": "vedette",
            "dataset": "vedette.events",
            "provider": PRODUCT,
            "outcome": "success",
            "url": summary.url_here,
        },
        "observer": {"vendor": VENDOR, "product": PRODUCT, "type": "mtd", "version": version()},
        "organization": {"id": summary.tenant},
        "device": {
            "id": summary.device,
            "manufacturer": summary.manufacturer,
            "model": {"name": summary.model},
        },
        "host": {
            "id": summary.entra_device or summary.device,
            "name": summary.device_name,
            "type": "mobile" if summary.device else "",
            "os": {**_PLATFORMS.get(summary.platform, {}), "version": summary.os_version},
        },
        "user": _user(summary),
        "rule": {"name": summary.classification, "category": summary.threat_type},
        "threat": _threat(summary),
        "package": {"name": summary.package, "description": summary.application},
        "file": {"path": summary.path, "hash": {"sha256": summary.file_sha}},
        "url": {"full": summary.url},
        "network": {"name": summary.network},
        "labels": {"test": "true" if told.test else "", "simulated": "true" if told.simulated else ""},
        "tags": ["vedette"],
        "vedette": told.event,
    }
    return {name: part for name, value in written.items() if (part := _filled(value, name))}


def _user(summary: Summary) -> dict[str, str]:
    if summary.type == "AUDIT":
        return {"name": summary.actor}
    return {"email": summary.user, "name": summary.user}


def _threat(summary: Summary) -> dict[str, Any]:
    if not summary.threat:
        return {}
    return {
        "indicator": {
            "type": {"APPLICATION": "file", "FILE": "file", "WEB_CONTENT": "url"}.get(
                summary.threat_type, ""
            ),
            "description": summary.text,
            "provider": VENDOR,
        }
    }


def _filled(value: Any, name: str = "") -> Any:
    """Leave out what is empty; the event itself stays as it is."""
    if name == "vedette" or not isinstance(value, dict):
        return value
    return {key: part for key, inner in value.items() if (part := _filled(inner)) not in ("", None, {}, [])}
