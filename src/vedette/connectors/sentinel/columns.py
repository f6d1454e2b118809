"""Events as rows of a custom table: the columns that the data collection rule declares (docs/deliveries.md)."""

from collections.abc import Sequence
from typing import Any, Final

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_summary import summarise

COLUMNS: Final[Sequence[tuple[str, str]]] = (
    ("TimeGenerated", "datetime"),
    ("EventId", "string"),
    ("EventType", "string"),
    ("ChangeType", "string"),
    ("Action", "string"),
    ("Category", "string"),
    ("Title", "string"),
    ("Message", "string"),
    ("Level", "string"),
    ("Severity", "int"),
    ("ActorType", "string"),
    ("ActorName", "string"),
    ("TargetType", "string"),
    ("TargetId", "string"),
    ("DeviceId", "string"),
    ("DeviceName", "string"),
    ("EntraDeviceId", "string"),
    ("UserEmail", "string"),
    ("Platform", "string"),
    ("Manufacturer", "string"),
    ("Model", "string"),
    ("OsVersion", "string"),
    ("SecurityPatchLevel", "string"),
    ("ActivationStatus", "string"),
    ("ProtectionStatus", "string"),
    ("SecurityStatus", "string"),
    ("ThreatId", "string"),
    ("ThreatType", "string"),
    ("Classification", "string"),
    ("ThreatStatus", "string"),
    ("PackageName", "string"),
    ("ApplicationName", "string"),
    ("FileHash", "string"),
    ("Url", "string"),
    ("Link", "string"),
    ("IsTest", "boolean"),
    ("IsSimulated", "boolean"),
    ("RawEvent", "dynamic"),
)
"""Names and types of Log Analytics."""


def row(told: Told) -> dict[str, Any]:
    """Write the row of an event; each column is there, empty texts too."""
    summary = summarise(told)
    values = (
        told.occurred_at.isoformat(timespec="milliseconds"),
        summary.id,
        summary.type,
        summary.change,
        summary.action,
        summary.category,
        summary.title,
        summary.text,
        summary.level,
        summary.severity,
        summary.actor_type,
        summary.actor,
        summary.target_type,
        summary.target,
        summary.device,
        summary.device_name,
        summary.entra_device,
        summary.user,
        summary.platform,
        summary.manufacturer,
        summary.model,
        summary.os_version,
        summary.patch_level,
        summary.activation,
        summary.protection,
        summary.security,
        summary.threat,
        summary.threat_type,
        summary.classification,
        summary.status,
        summary.package,
        summary.application,
        summary.file_sha,
        summary.url,
        summary.url_here,
        summary.test,
        summary.simulated,
        told.event,
    )
    return {name: value for (name, _type), value in zip(COLUMNS, values, strict=True)}
