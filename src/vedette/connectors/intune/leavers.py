"""Who would leave by a change, counted before it is made (H: a change says whom it hits before it acts)."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from vedette.connectors.intune import groups
from vedette.connectors.intune.eligibility import Candidate, Limits, unsupported_reason
from vedette.devices.models import Device
from vedette.directory import read
from vedette.directory.models import DirectoryDevice
from vedette.foundation import clock
from vedette.foundation.graph import Graph

Live = Sequence[tuple[uuid.UUID | None, uuid.UUID | None]]


def live_devices() -> Live:
    """Entra object and owner of each live device that stands for an Entra device; inside the tenant's door."""
    live = Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED)
    return list(live.filter(entra_object_id__isnull=False).values_list("entra_object_id", "owner_oid"))


def without_group(graph: Graph, remaining: Sequence[tuple[uuid.UUID, bool]], live: Live) -> int:
    """Count live devices that no remaining group (object ID, nested) holds. Raises GraphError and TokenError."""
    inside: set[str] = set()
    for object_id, nested in remaining:
        inside |= {member["id"] for member in groups.members(graph, object_id, nested=nested)}
    return sum(str(device) not in inside and str(owner) not in inside for device, owner in live)


def with_limits(limits: Limits) -> int:
    """Count live devices that would no longer be supported; inside the tenant's door."""
    now = clock.now()
    live = {entra_object_id for entra_object_id, _owner in live_devices()}
    return sum(
        bool(unsupported_reason(_candidate(row), limits, now))
        for row in read.supported()
        if row.object_id in live
    )


def limits_of(values: dict[str, Any]) -> Limits:
    """The limits that a form's values ask for."""
    return Limits(
        intune_only=values["scope"] == "intune",
        minimum_android=values["minimum_android"],
        minimum_ios=values["minimum_ios"],
        seen_within=timedelta(days=values["seen_within_days"]),
    )


def _candidate(row: DirectoryDevice) -> Candidate:
    return Candidate(
        operating_system=row.operating_system,
        os_version=row.os_version,
        enabled=row.enabled,
        managed=bool(row.managed),
        last_sign_in_at=row.last_sign_in_at,
    )
