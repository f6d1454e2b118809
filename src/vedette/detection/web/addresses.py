"""Hosts and addresses of pages as people, messages and attackers write them, read as browsers read them.

Sources: WHATWG URL Standard (host parsing, IPv4 numbers, backslashes, tabs), UTS 46 (host names beyond ASCII), RFC 1035
2.3.4 (lengths). Nothing here raises anything but BadAddressError, whatever it is given.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import idna

from vedette.intel.indicators import refang
from vedette.verdict.web_words import TERMS

LONGEST: Final = 8_192
"""Characters of an address that are looked at; more is refused."""

_PLAIN: Final = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_ODD: Final = re.compile(r"\d$|xn--|(?:^|\.)0x[^.]*$")
_LABEL: Final = re.compile(r"[a-z0-9_-]{1,63}")
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PORT: Final = re.compile(r":(\d*)$")
_NUMBER: Final = re.compile(r"\d+|0[xX][0-9A-Fa-f]*")
_WEB: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
_KNOWN: Final = _WEB.keys() | {
    "about", "blob", "content", "data", "file", "geo", "intent", "javascript", "mailto", "market", "sms",
    "tel", "view-source",
}  # fmt: skip
"""Before a colon these are a scheme; anything else is a host with its port, or a name with its password."""
_LONGEST_NAME: Final = 253
_MOST_PARTS: Final = 4


class BadAddressError(ValueError):
    """What was given is no address of a page, or no host. `code` says why, in words it has in verdict.web_words."""

    def __init__(self, code: str) -> None:
        super().__init__(TERMS[code]["en"])
        self.code = code


@dataclass(frozen=True)
class Host:
    """A host name in lower case and ASCII, or an IP address in its usual form.

    `disguised`: it was written in a way that hides what it is (numbers in octal, percent signs, invisible characters).
    """

    name: str
    is_ip: bool = False
    disguised: bool = False


@dataclass(frozen=True)
class Address:
    """An address of a page. `user`: what stands before an @; `port`: None for the scheme's own; `rest`: path and on."""

    scheme: str
    host: Host
    port: int | None = None
    user: str = ""
    rest: str = ""


def parse_host(text: str) -> Host:
    """Read a host name or IP address. Raises BadAddressError."""
    name = text.removesuffix(".")
    lower = name.lower()
    if len(lower) <= _LONGEST_NAME and _PLAIN.fullmatch(lower) and not _ODD.search(lower):
        return Host(lower)  # nearly every name that a resolver asks is plain
    return _unusual(text)


def parse_address(text: str) -> Address:
    """Read an address with or without its scheme, defanged or not. Raises BadAddressError."""
    if len(text) > LONGEST:
        raise BadAddressError("address_too_long")
    text = re.sub(r"[\t\r\n]", "", refang(text.strip()))
    text = text.strip("<>\"'\u00ab\u00bb\u201c\u201d ")
    scheme, rest = "http", text
    match = _SCHEME.match(text)
    if match and (match[1].lower() in _KNOWN or text.startswith("//", match.end())):
        scheme, rest = match[1].lower(), text[match.end() :]
        if scheme not in _WEB:
            raise BadAddressError("leads_to_no_host")
    rest = re.sub(r"^[/\\]*", "", rest)
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    tail = rest[len(authority) :].replace("\\", "/")
    user, at, place = authority.rpartition("@")
    port: int | None = None
    if match := _PORT.search(place):
        place = place[: match.start()]
        if match[1]:
            port = int(match[1][:6])
            if port > 65_535:  # noqa: PLR2004 - TCP's highest
                raise BadAddressError("bad_port")
    if port == _WEB[scheme]:
        port = None
    return Address(scheme, parse_host(place), port, user if at else "", tail)


def _unusual(text: str) -> Host:
    plain = text.strip()
    if len(plain) > LONGEST:
        raise BadAddressError("address_too_long")
    if plain.startswith("["):
        return _six(plain)
    name = unquote(plain) if "%" in plain else plain
    name = _INVISIBLE.sub("", _DOTS.sub(".", name))
    disguised = name != plain
    name = name.rstrip(".").lower()
    if ":" in name:
        return _six(f"[{name}]")
    if not name or _CONTROL.search(name):
        raise BadAddressError("no_host")
    if not name.isascii() or "xn--" in name:
        name = _by_unicode(name)
    last = name.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        return _four(name, disguised=disguised)
    labels = name.split(".")
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddressError("no_host")
    return Host(name, disguised=disguised)


def _by_unicode(name: str) -> str:
    """Turn a name with letters beyond ASCII into the form of the DNS, as browsers do; odd names by plain punycode."""
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError, IndexError, ValueError):
        mapped = name
    labels = []
    for label in _DOTS.sub(".", mapped).split("."):
        try:
            labels.append(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii"))
        except UnicodeError:
            raise BadAddressError("no_host") from None
    return ".".join(labels).lower()


def _six(text: str) -> Host:
    try:
        address = ipaddress.IPv6Address(text.strip("[]").partition("%")[0])
    except ValueError:
        raise BadAddressError("bad_ip_address") from None
    if address.ipv4_mapped is not None:
        return Host(str(address.ipv4_mapped), is_ip=True, disguised=True)
    return Host(str(address), is_ip=True)


def _four(name: str, *, disguised: bool) -> Host:
    """Read an IPv4 address in decimal, octal or hexadecimal, with one to four parts (WHATWG URL, IPv4 parser)."""
    parts = name.split(".")
    if len(parts) > _MOST_PARTS or any(len(part) > 40 for part in parts):  # noqa: PLR2004 - no number of 32 bits is as long
        raise BadAddressError("bad_ip_address")
    numbers = [_number(part) for part in parts]
    *heads, tail = numbers
    if any(number > 255 for number in heads) or tail >= 256 ** (5 - len(numbers)):  # noqa: PLR2004 - bytes
        raise BadAddressError("bad_ip_address")
    value = tail + sum(number << (8 * (3 - at)) for at, number in enumerate(heads))
    address = str(ipaddress.IPv4Address(value))
    return Host(address, is_ip=True, disguised=disguised or address != name)


def _number(part: str) -> int:
    try:
        if part[:2].lower() == "0x":
            return int(part[2:] or "0", 16)
        return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)
    except ValueError:
        raise BadAddressError("bad_ip_address") from None


def unicode_form(name: str) -> str:
    """Give a host name as people read it; labels that are no punycode, or hold what nobody sees, stay as they are."""
    if "xn--" not in name:
        return name
    return ".".join(map(_decoded, name.split(".")))


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        plain = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label
    # halves of surrogates can be stored nowhere; marks that turn the direction of writing would rearrange a page
    return plain if plain.isprintable() else label
