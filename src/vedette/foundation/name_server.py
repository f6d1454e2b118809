"""The address of a name server to forward to, as an administrator writes it.

`https://dns.example/dns-query` (RFC 8484), `tls://dns.example` (RFC 7858, port 853), `tcp://192.0.2.53` and
`udp://192.0.2.53` (port 53; a truncated answer is asked for again over TCP). A bare IP address, with or without a
port, means UDP.
"""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"https": 443, "tls": 853, "tcp": 53, "udp": 53}
_MOST_LETTERS: Final = 512


class NameServerError(ValueError):
    """The text is no address of a name server; the message says what one looks like."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is no address of a name server. Write https://dns.example/dns-query, tls://dns.example,"
            " tcp://192.0.2.53, udp://192.0.2.53 or an IP address."
        )


@dataclass(frozen=True)
class NameServer:
    """Where and how to ask. `url` is for HTTPS only."""

    way: str
    host: str
    port: int
    url: str = ""
    trusted: bool = False
    """Set up by whoever runs the machine: it may stand in a private network."""

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read or change what is asked."""
        return self.way in {"https", "tls"}


def read(text: str) -> NameServer:
    """Read an address. Raises NameServerError."""
    text = text.strip()
    if bare := _ip(text):
        return NameServer("udp", bare, PORTS["udp"])
    try:
        parts = urlsplit(text if "://" in text else f"udp://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NameServerError(text) from None
    way = parts.scheme.lower()
    extra = parts.username or parts.password or parts.fragment
    if (
        way not in PORTS
        or not host
        or port == 0
        or extra
        or len(text) > _MOST_LETTERS
        or not text.isprintable()
    ):
        raise NameServerError(text)
    if way == "https":
        return NameServer(way, host, port or PORTS[way], text)
    # a name that is asked over plain UDP or TCP would have to be resolved by somebody else first
    if parts.path not in {"", "/"} or parts.query or (way in {"udp", "tcp"} and not _ip(host)):
        raise NameServerError(text)
    return NameServer(way, host, port or PORTS[way])


def of_machine(file: Path = Path("/etc/resolv.conf")) -> NameServer | None:
    """Return the name server that this machine itself asks; None where it names none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for words in map(str.split, lines):
        if len(words) > 1 and words[0] == "nameserver" and (address := _ip(words[1])):
            return NameServer("udp", address, PORTS["udp"], trusted=True)
    return None


def _ip(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return ""
