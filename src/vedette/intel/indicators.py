"""One indicator, and how raw text of a feed becomes a normal value of its kind."""

import datetime as dt
import ipaddress
import re
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What an indicator is compared with."""

    PACKAGE = "package"
    IOS_BUNDLE = "ios_bundle"
    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"
    CERTIFICATE_SHA1 = "certificate_sha1"
    CERTIFICATE_SHA256 = "certificate_sha256"
    DOMAIN = "domain"
    URL = "url"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    EMAIL = "email"
    FILE_NAME = "file_name"
    FILE_PATH = "file_path"
    PROCESS = "process"
    PROFILE = "configuration_profile"
    PROPERTY = "android_property"
    ADDRESS_RANGE = "address_range"
    CODE = "code"


class Indicator(NamedTuple):
    """A normal value, what it means when found, and where in a family it plays a part.

    `role`: c2, website, distribution or sample, where the feed says so; ALLOW or ALLOW_BELOW for what must not be
    reported. `note`: why a reading was softened. `valid_until`: it counts before that moment. `confidence`: 0 to
    100 as STIX 2.1 has it (appendix A), None where the feed says nothing.
    """

    kind: Kind
    value: str
    classification: str
    family: str = ""
    role: str = ""
    note: str = ""
    valid_until: dt.datetime | None = None
    confidence: int | None = None


ALLOW = "allow"
"""Role of an indicator on an allow or warning list: exactly this value is never reported."""
ALLOW_BELOW = "allow_below"
"""Role of a host name of the organisation: neither it nor any name below it is reported."""
ALLOWING = frozenset({ALLOW, ALLOW_BELOW})


class BadValueError(ValueError):
    """A value that is not what its type says; the message tells what was expected."""


_DEFANGED = (
    (re.compile(r"\bhxxp(s?)\b", re.IGNORECASE), r"http\1"),
    (re.compile(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?", re.IGNORECASE), "."),
    (re.compile(r"\[(:|://|/)\]"), r"\1"),
    (re.compile(r"\s?[\[({]\s?(?:@|at)\s?[\])}]\s?", re.IGNORECASE), "@"),
    (re.compile(r"\\\."), "."),
)
_SUSPECT = re.compile(r"[\[({\\]|[hH][xX][xX][pP]")
"""What any defanging leaves behind: most values have none of it."""
_HEX = {Kind.SHA256: 64, Kind.SHA1: 40, Kind.MD5: 32, Kind.CERTIFICATE_SHA1: 40, Kind.CERTIFICATE_SHA256: 64}
_HASHES = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256}
_CERTIFICATES = {40: Kind.CERTIFICATE_SHA1, 64: Kind.CERTIFICATE_SHA256}
_APPLICATION = re.compile(r"[A-Za-z][\w-]*(?:\.[\w-]+)+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_EMAIL = re.compile(r"[^\s@<>]+@([^\s@<>]+)")
_LONGEST_DOMAIN = 253


def refang(text: str) -> str:
    """Undo what feeds do so that nobody clicks by accident: `hxxps://evil[.]example` and the like."""
    if not _SUSPECT.search(text):
        return text.strip()
    for pattern, replacement in _DEFANGED:
        text = pattern.sub(replacement, text)
    return text.strip()


def normal(kind: Kind, raw: str) -> tuple[Kind, str]:
    """Give the value as it is stored and compared, and its kind (a "domain" that is an address changes kind).

    Raises BadValueError.
    """
    text = raw.strip()
    if not text:
        raise BadValueError("empty")
    if kind in _HEX:
        return kind, _hexadecimal(text, _HEX[kind])
    if kind in {Kind.PACKAGE, Kind.IOS_BUNDLE}:
        return kind, _application(refang(text))
    if kind in {Kind.DOMAIN, Kind.URL, Kind.IPV4, Kind.IPV6}:
        return network(text)
    if kind is Kind.EMAIL:
        return kind, _email(refang(text))
    if kind is Kind.ADDRESS_RANGE:
        return kind, _range(text)
    return kind, text


def network(raw: str) -> tuple[Kind, str]:
    """Tell a domain, an address and a URL apart. Raises BadValueError."""
    text = refang(raw)
    if "://" in text:
        scheme, _, rest = text.partition("://")
        host, slash, path = rest.partition("/")
        if not host or re.search(r"\s", text):
            raise BadValueError("not an address of a page")
        return Kind.URL, f"{scheme.lower()}://{host.lower()}{slash}{path}"
    if "/" in text:
        kind, host = network(text.partition("/")[0])
        path = text.partition("/")[2]
        return (Kind.URL, f"http://{host}/{path}") if path else (kind, host)
    if text and not (text[-1].isdigit() or ":" in text or text[-1] == "]"):
        return Kind.DOMAIN, domain(text)  # no address ends in a letter
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return Kind.DOMAIN, domain(text)
    return (Kind.IPV4 if address.version == 4 else Kind.IPV6), str(address)  # noqa: PLR2004 - IP's version number


def domain(raw: str) -> str:
    """Give a host name in lower case and ASCII, without the trailing dot. Raises BadValueError."""
    text = raw.strip().rstrip(".").lower()
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            raise BadValueError("not a host name") from None
    labels = text.split(".")
    if len(text) > _LONGEST_DOMAIN or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):  # noqa: PLR2004 - a name and a TLD
        raise BadValueError("not a host name")
    return text


def kinds_of(raw: str) -> list[tuple[Kind, str]]:
    """List everything a value typed by a person could be, for `explain`."""
    text = refang(raw)
    digits = text.replace(":", "").lower()
    if len(digits) in _HASHES and re.fullmatch(r"[0-9a-f]+", digits):
        found = [(_HASHES[len(digits)], digits)]
        if len(digits) in _CERTIFICATES:
            found.append((_CERTIFICATES[len(digits)], digits))
        return found
    found = []
    for kind in (Kind.PACKAGE, Kind.IOS_BUNDLE, Kind.DOMAIN, Kind.EMAIL):
        try:
            found.append(normal(kind, text))
        except BadValueError:
            continue
    names = (Kind.FILE_NAME, Kind.FILE_PATH, Kind.PROCESS, Kind.PROFILE, Kind.PROPERTY)
    return [*found, *((kind, raw.strip()) for kind in names)]


def _hexadecimal(text: str, digits: int) -> str:
    value = text.replace(":", "").replace(" ", "").lower()
    if len(value) != digits or not re.fullmatch(r"[0-9a-f]+", value):
        raise BadValueError(f"not {digits} hexadecimal digits")
    return value


def _application(text: str) -> str:
    if not _APPLICATION.fullmatch(text):
        raise BadValueError("not the name of an application package")
    return text


def _range(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise BadValueError("not a range of addresses like 192.0.2.0/24") from None


def _email(text: str) -> str:
    match = _EMAIL.fullmatch(text)
    if match is None:
        raise BadValueError("not an e-mail address")
    domain(match[1])
    return text.lower()
