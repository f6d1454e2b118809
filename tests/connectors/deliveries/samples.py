"""Events as destinations are told of them, for tables; the shapes are those of Lookout's published samples."""

import datetime as dt
from typing import Any
from uuid import UUID

from vedette.connectors.destination_events import Told
from vedette.verdict.risk import Risk

AT = dt.datetime(2026, 2, 20, 9, 55, 18, 817_000, dt.UTC)
TENANT = "703d284e-c7dd-4dd0-bd0d-12bfade8095c"
PHONE = "951294c6-0000-7000-8000-000000000001"
THREAT = "a8da3393-7896-731b-875d-945993cfdbf3"


def told(kind: str = "THREAT", **changes: Any) -> Told:
    made = {"THREAT": _threat, "DEVICE": _device, "AUDIT": _audit}[kind]()
    given: dict[str, Any] = made | changes
    return Told(id=UUID(int=7), position=41, occurred_at=AT, type=kind, **given)


def _event(kind: str, target: str, **part: Any) -> dict[str, Any]:
    return {
        "id": str(UUID(int=7)),
        "enterprise_guid": TENANT,
        "created_time": "2026-02-20T09:55:18.817+00:00",
        "type": kind,
        "change_type": "CREATED",
        "target": {"type": kind, "guid": target},
        "actor": {"type": "DEVICE", "guid": PHONE},
        **part,
    }


def _threat() -> dict[str, Any]:
    threat = {
        "guid": THREAT,
        "status": "OPEN",
        "severity": "HIGH",
        "type": "APPLICATION",
        "classifications": ["TROJAN"],
        "details": {"application_name": "Start", "package_name": "com.doa.start", "package_sha": "ae2a"},
        "device": {"guid": PHONE, "email": "ada@contoso.com", "platform": "ANDROID"},
    }
    event = _event("THREAT", PHONE, threat=threat)
    return {
        "action": "threat.open",
        "risk": Risk.HIGH,
        "event": event,
        "target_name": "Start is a known trojan",
    }


def _device() -> dict[str, Any]:
    device = {
        "guid": PHONE,
        "platform": "IOS",
        "info": {"email": "ada@contoso.com", "customer_device_id": "11111111-2222-3333-4444-555555555555"},
        "status": {
            "activation_status": "ACTIVATED", "protection_status": "PROTECTED", "security_status": "THREATS_HIGH",
        },
        "hardware": {"manufacturer": "Apple", "model": "iPhone 14"},
        "software": {"os_version": "17.5"},
    }  # fmt: skip
    event = _event("DEVICE", PHONE, device=device)
    return {
        "action": "device.state_changed", "risk": Risk.HIGH, "event": event, "target_name": "Ada's iPhone",
        "state_before": "secured", "state_after": "high",
    }  # fmt: skip


def _audit() -> dict[str, Any]:
    audit = {"type": "POLICY_CHANGE", "action": "policy.levels_changed"}
    event = _event("AUDIT", TENANT, audit=audit) | {"actor": {"type": "ADMIN", "guid": "ada"}}
    return {
        "action": "policy.levels_changed",
        "risk": Risk.NONE,
        "event": event,
        "actor_name": "ada@contoso.com",
    }
