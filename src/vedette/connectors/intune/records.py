"""Pure: from Graph's JSON to the directory's records."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vedette.connectors.intune.eligibility import Limits, unsupported_reason
from vedette.connectors.intune.entra_devices import EntraDevice, candidate, moment
from vedette.connectors.intune.managed_facts import facts_of
from vedette.directory.write import DeviceRecord, UserRecord


def user_record(item: Mapping[str, Any]) -> UserRecord:
    """A person out of a member list. A member the app may not read carries only its id: it stays nameless."""
    return UserRecord(
        oid=uuid.UUID(item["id"]),
        upn=item.get("userPrincipalName") or "",
        display_name=item.get("displayName") or "",
        mail=item.get("mail") or "",
        enabled=item.get("accountEnabled") is not False,
    )


def device_record(device: EntraDevice, limits: Limits, now: datetime) -> DeviceRecord:
    """A device, judged: `unsupported_reason` is empty when it is to be protected."""
    entra, intune = device.entra, device.intune
    facts = candidate(device)
    return DeviceRecord(
        object_id=device.object_id,
        entra_device_id=device.device_id,
        display_name=entra.get("displayName") or intune.get("deviceName") or "",
        operating_system=facts.operating_system,
        os_version=facts.os_version,
        manufacturer=intune.get("manufacturer") or entra.get("manufacturer") or "",
        model=intune.get("model") or entra.get("model") or "",
        trust_type=entra.get("trustType") or "",
        enabled=facts.enabled,
        managed=facts.managed,
        compliant=entra.get("isCompliant"),
        owner_oid=device.owner_oid,
        last_sign_in_at=facts.last_sign_in_at,
        registered_at=moment(entra.get("registrationDateTime")),
        extension_attributes=entra.get("extensionAttributes") or {},
        managed_device_id=intune.get("id") or "",
        serial_number=intune.get("serialNumber") or "",
        compliance_state=intune.get("complianceState") or "",
        reported_health=intune.get("partnerReportedThreatState") or "",
        managed_facts=facts_of(intune),
        managed_synced_at=moment(intune.get("lastSyncDateTime")),
        unsupported_reason=unsupported_reason(facts, limits, now),
    )
