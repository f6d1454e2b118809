"""Web protection in the device protocol: links checked without telling which, texts and codes, the phone's resolver.

Written down in docs/device-protocol.md, section 11. Names are hashed so that the phone asks for all listed names whose
hash begins alike and compares them itself: what it wants to know stays on the phone unless it is listed.
"""

import datetime as dt
import hashlib
import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import unquote

import idna
import msgspec
from msgspec import Meta

from vedette_facts.protocol import PREFIX, Address, Identifier, Moment
from vedette_facts.report import utc

LISTED_PATH = f"{PREFIX}/web/listed"
CHECK_PATH = f"{PREFIX}/web/check"
RESOLVER_PATH = f"{PREFIX}/web/resolver"

LISTED_TYP = "vedette-listed+jws"
CHECK_TYP = "vedette-check+jws"
RESOLVER_TYP = "vedette-resolver+jws"

PREFIX_DIGITS = 4
"""Hex digits of a prefix: 16 bits, so that of the world's registered domains some 5,000 share each."""
MOST_PREFIXES = 32
MOST_PARENTS = 5
LONGEST_CONTENT = 8192

Prefix = Annotated[str, Meta(pattern=f"^[0-9a-f]{{{PREFIX_DIGITS}}}$")]
Way = Literal["link", "text", "qr"]
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_WEB = frozenset({"http", "https", "ws", "wss", "ftp"})
"""After these browsers need no slashes, and take a backslash for one (WHATWG URL, special schemes)."""
_IN_NO_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


class _FromDevice(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Identifier
    audience: Address
    sent_at: Moment

    def __post_init__(self) -> None:
        utc(self.sent_at)


class ListedRequest(_FromDevice, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/web/listed`: prefixes of hashes."""

    prefixes: Annotated[list[Prefix], Meta(min_length=1, max_length=MOST_PREFIXES)]


class ListedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The whole hashes (64 hex digits) of all listed names, by prefix asked for; good for so many seconds."""

    hashes: dict[str, list[str]]
    valid_seconds: int


class CheckRequest(_FromDevice, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/web/check`: a link, a text, or what a QR code says."""

    way: Way
    content: Annotated[str, Meta(min_length=1, max_length=LONGEST_CONTENT)]


class CheckedLink(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one link. `outcome`: allowed, clean, suspicious or blocked; `stopped`: do not open it."""

    address: str
    outcome: str
    stopped: bool
    classification: str = ""
    title: str = ""
    why: str = ""


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The links found, worst first, and the worst outcome; `none` where there is no link."""

    outcome: str
    links: list[CheckedLink]


class ResolverRequest(_FromDevice, frozen=True, kw_only=True):
    """Payload of `POST /device/v1/web/resolver`. `make` gives the phone a new address and ends the one before."""

    act: Literal["show", "make", "pause", "resume"]
    minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None


class ResolverAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the phone's names are protected. The three addresses are given once, in the answer to `make`."""

    on: bool
    made_at: dt.datetime | None = None
    paused_until: dt.datetime | None = None
    pause_minutes: int = 0
    https: str = ""
    tls_host: str = ""
    profile: str = ""


def expressions(link: str) -> list[str]:
    """Give what is hashed of a link: its host, up to five names above it, and the host with its path.

    The host in lower case and ASCII (UTS 46) without a dot at the end, an IP address in its usual form; no scheme,
    user, port, query or slash at the end. Read as browsers read it (WHATWG URL): a link spelled otherwise must not
    pass for another. ValueError where there is no host.
    """
    place, path = _place(link)
    host = _ascii(place)
    if not host:
        raise ValueError("no host")
    found = [host]
    labels = host.split(".")
    if ":" not in host and not labels[-1].isdigit():
        parents = (".".join(labels[-count:]) for count in range(len(labels) - 1, 1, -1))
        found += list(parents)[-MOST_PARENTS:]
    if path:
        found.append(host + path)
    return found


def hash_of(expression: str) -> str:
    """Return the hash of an expression: SHA-256 of its UTF-8, in hex."""
    return hashlib.sha256(expression.encode()).hexdigest()


def _place(link: str) -> tuple[str, str]:
    """Split a link into its host as written and its path without slashes at the end."""
    text = re.sub(r"[\t\r\n]", "", link).strip("".join(map(chr, range(0x21))))
    scheme = _SCHEME.match(text)
    if scheme and (scheme[1].lower() in _WEB or text.startswith("//", scheme.end())):
        text = text[scheme.end() :]
    text = re.split(r"[?#]", text, maxsplit=1)[0].replace("\\", "/").lstrip("/")
    authority, slash, path = text.partition("/")
    return re.sub(r":\d*$", "", authority.rpartition("@")[2]), (slash + path).rstrip("/")


def _ascii(host: str) -> str:
    """Return the form of a host that is hashed; empty where it is none."""
    if host.startswith("["):
        return _six(host)
    host = unquote(host).lower()
    try:
        host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""
    host = host.rstrip(".")
    if _IN_NO_HOST.search(host):
        return ""
    return _four(host) if _NUMBER.fullmatch(host.rpartition(".")[2]) else host


def _six(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    return str(address.ipv4_mapped or address)


def _four(host: str) -> str:
    """Read an IPv4 address in decimal, octal or hexadecimal, of one to four parts (WHATWG URL, IPv4 parser)."""
    try:
        *heads, last = [_number(part) for part in host.split(".")]
    except ValueError:
        return ""
    left = 4 - len(heads)
    if left < 1 or max(heads, default=0) >= 256 or last >= 256**left:  # noqa: PLR2004 - bytes
        return ""
    return str(ipaddress.IPv4Address(last + sum(number << 8 * (3 - at) for at, number in enumerate(heads))))


def _number(part: str) -> int:
    if not _NUMBER.fullmatch(part) or len(part) > 40:  # noqa: PLR2004 - no number of 32 bits is as long
        raise ValueError("no number")
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)
