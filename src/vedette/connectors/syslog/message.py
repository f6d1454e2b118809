"""Syslog messages: RFC 5424 header and structured data around a body of JSON, CEF or LEEF; frames of RFC 6587."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_product import version
from vedette.connectors.destination_summary import Summary, summarise
from vedette.connectors.syslog import cef, leef
from vedette.foundation import config
from vedette.verdict.risk import Risk

JSON, CEF, LEEF = "json", "cef", "leef"
FACILITIES: Final = {
    "user": 1, "auth": 4, "audit": 13, "alert": 14,
    **{f"local{number}": 16 + number for number in range(8)},
}  # fmt: skip
"""RFC 5424 6.2.1, those that fit."""
SEVERITIES: Final = {Risk.HIGH: 2, Risk.MEDIUM: 3, Risk.LOW: 4, Risk.ADVISORY: 5, Risk.NONE: 6}
"""Critical, error, warning, notice, informational; what is over is a notice at most."""
_NOTICE: Final = 5
APP_NAME: Final = "vedette"
SD_ID: Final = "vedette@32473"
"""32473 is the number for documentation and examples (RFC 5612): this project has none of its own."""
_HEADER: Final = re.compile(r"[^\x21-\x7e]")


def message(body_format: str, facility: str, told: Told) -> bytes:
    """Write one message, UTF-8, without a frame and without line breaks."""
    summary = summarise(told)
    body = _BODIES[body_format](told, summary)
    priority = FACILITIES[facility] * 8 + severity(told, summary)
    stamp = told.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"<{priority}>1 {stamp} {_host()} {APP_NAME} - {told.type} {_data(summary)} {body}".encode()


def severity(told: Told, summary: Summary) -> int:
    """Return the severity of RFC 5424 6.2.1."""
    found = SEVERITIES[told.risk]
    over = summary.status in {"RESOLVED", "IGNORED"} or told.state_after == "secured"
    return max(found, _NOTICE) if over else found


def counted(written: bytes) -> bytes:
    """Put a message in its frame: its length in octets before it (RFC 6587 3.4.1, RFC 5425 4.3)."""
    return b"%d %s" % (len(written), written)


def escaped(value: str) -> str:
    """Escape a value of structured data (RFC 5424 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", _line(value))


def _data(summary: Summary) -> str:
    values = {
        "id": summary.id,
        "tenant": summary.tenant,
        "type": summary.type,
        "category": summary.category,
        "action": summary.action,
        "level": summary.level,
        "device": summary.device,
        "test": "true" if summary.test else "",
    }
    told = " ".join(f'{name}="{escaped(value)}"' for name, value in values.items() if value)
    return f'[origin software="Vedette" swVersion="{escaped(version())}"][{SD_ID} {told}]'


def _host() -> str:
    name = urlsplit(config.current().public_url).hostname or "-"
    return _HEADER.sub("_", name)[:255]


def _json(told: Told, _summary: Summary) -> str:
    return msgspec.json.encode(told.event).decode()


def _line(value: str) -> str:
    return " ".join(value.splitlines())


_BODIES: Final[Mapping[str, Callable[[Told, Summary], Any]]] = {
    JSON: _json,
    CEF: lambda _told, summary: cef.line(summary),
    LEEF: lambda _told, summary: leef.line(summary),
}
