"""ArcSight Common Event Format, revision 25: `CEF:0|vendor|product|version|id|name|severity|extension`.

In the header a backslash and a bar are escaped, in the extension a backslash, an equals sign and line breaks. Names of
keys are those of its dictionary; what has no key there is a custom string with its label.
"""

from collections.abc import Iterator, Sequence

from vedette.connectors.destination_product import PRODUCT, VENDOR, version
from vedette.connectors.destination_summary import Summary


def line(summary: Summary) -> str:
    """Write an event."""
    head = (VENDOR, PRODUCT, version(), f"{summary.type}:{summary.category}", summary.title)
    fields = "|".join([*(header(part) for part in head), str(summary.severity)])
    told = " ".join(f"{key}={value(text)}" for key, text in _extension(summary))
    return f"CEF:0|{fields}|{told}"


def header(text: str) -> str:
    """Escape a part of the header."""
    return " ".join(text.splitlines()).replace("\\", "\\\\").replace("|", "\\|")


def value(text: str) -> str:
    """Escape a value of the extension."""
    escaped = text.replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r\n", "\\n").replace("\r", "\\r").replace("\n", "\\n")


def _extension(summary: Summary) -> Iterator[tuple[str, str]]:
    person = "suser" if summary.type == "AUDIT" else "duser"
    plain: Sequence[tuple[str, str]] = (
        ("rt", str(int(summary.at.timestamp() * 1000))),
        ("externalId", summary.id),
        ("cat", summary.category),
        ("act", summary.action),
        ("outcome", summary.status),
        ("msg", summary.text or summary.title),
        (person, summary.actor if summary.type == "AUDIT" else summary.user),
        ("deviceExternalId", summary.device),
        ("dhost", summary.device_name),
        ("destinationServiceName", summary.application),
        ("dproc", summary.package),
        ("fileHash", summary.file_sha),
        ("filePath", summary.path),
        ("request", summary.url),
    )
    yield from ((key, text) for key, text in plain if text)
    system = " ".join(part for part in (summary.platform, summary.os_version, summary.patch_level) if part)
    model = " ".join(part for part in (summary.manufacturer, summary.model) if part)
    custom = (
        ("Classification", summary.classification),
        ("Level", summary.level),
        ("Security status", summary.security or summary.protection),
        ("System", system),
        ("Model", model),
        ("Threat ID", summary.threat),
    )
    for number, (label, text) in enumerate(custom, start=1):
        if text:
            yield f"cs{number}", text
            yield f"cs{number}Label", label
    if summary.test or summary.simulated:
        yield "flexString1", "test" if summary.test else "simulated"
        yield "flexString1Label", "Not real"
