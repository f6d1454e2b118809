"""IBM Log Event Extended Format 2.0: `LEEF:2.0|vendor|product|version|event ID|delimiter|key=value…`.

Nothing can be escaped in it: a bar in the header, the delimiter (a tab, written x09) and line breaks in a value become
blanks. The event ID is made as Lookout's translator makes it: type and category.
"""

from collections.abc import Sequence
from typing import Final

from vedette.connectors.destination_product import PRODUCT, VENDOR, version
from vedette.connectors.destination_summary import Summary

DELIMITER: Final = "\t"
NAMED: Final = "x09"
TIME_FORMAT: Final = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"
"""How `devTime` reads, as LEEF asks for it: a pattern of Java's SimpleDateFormat, whose XXX is the offset `+00:00`."""


def line(summary: Summary) -> str:
    """Write an event."""
    event_id = f"{summary.type},{summary.category}"
    fields = "|".join(header(part) for part in (VENDOR, PRODUCT, version(), event_id))
    told = DELIMITER.join(f"{key}={value(text)}" for key, text in _attributes(summary) if text)
    return f"LEEF:2.0|{fields}|{NAMED}|{told}"


def header(text: str) -> str:
    """Clean a part of the header."""
    return value(text).replace("|", " ")


def value(text: str) -> str:
    """Clean a value."""
    return " ".join(text.replace(DELIMITER, " ").splitlines())


def _attributes(summary: Summary) -> Sequence[tuple[str, str]]:
    """Predefined attributes first; the others begin with a name of ours."""
    person = summary.actor if summary.type == "AUDIT" else summary.user
    return (
        ("cat", summary.category),
        ("devTime", summary.at.isoformat(timespec="milliseconds")),
        ("devTimeFormat", TIME_FORMAT),
        ("sev", str(max(1, summary.severity))),
        ("usrName", person),
        ("identHostName", summary.device_name),
        ("resource", summary.device),
        ("url", summary.url),
        ("policy", summary.action),
        ("vedetteId", summary.id),
        ("vedetteTenant", summary.tenant),
        ("vedetteType", summary.type),
        ("vedetteChange", summary.change),
        ("vedetteTitle", summary.title),
        ("vedetteText", summary.text),
        ("vedetteLevel", summary.level),
        ("vedetteClassification", summary.classification),
        ("vedetteStatus", summary.status),
        ("vedetteThreat", summary.threat),
        ("vedettePlatform", summary.platform),
        ("vedetteOsVersion", summary.os_version),
        ("vedetteModel", summary.model),
        ("vedetteActivation", summary.activation),
        ("vedetteProtection", summary.protection),
        ("vedetteSecurity", summary.security),
        ("vedettePackage", summary.package),
        ("vedetteApplication", summary.application),
        ("vedetteFileHash", summary.file_sha),
        ("vedetteTest", "true" if summary.test else ""),
        ("vedetteSimulated", "true" if summary.simulated else ""),
    )
