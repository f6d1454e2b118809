"""What a bare value is, told from its shape alone: for lists that do not say."""

import ipaddress
import re
from typing import Final

from vedette.intel.indicators import BadValueError, Kind, domain, refang

LONGEST: Final = 4096
"""Characters; no kind of value is longer, and a longer one is not looked at: feeds are other people's texts."""
_LONGEST_MAIL: Final = 320
"""RFC 3696, section 3: 64 for the name, 255 for the host, and the sign between them."""
_HASHES: Final = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256}
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_FINGERPRINT: Final = re.compile(r"(?:[0-9a-fA-F]{2}:){19}(?:(?:[0-9a-fA-F]{2}:){12})?[0-9a-fA-F]{2}")
_PORT: Final = re.compile(r"(.+):\d{1,5}")
_PACKAGE: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z_]\w*)+")
_EMAIL: Final = re.compile(r"[^\s@<>/]+@[^\s@<>/]+\.[^\s@<>/]+")
_DOT: Final = re.compile(r"[\[({]\s?(?:\.|dot)\s?[\])}]|hxxp", re.IGNORECASE)
_REVERSED: Final = frozenset(
    {"com", "org", "net", "io", "co", "info", "edu", "gov", "app", "dev", "me", "biz"}
)
"""First labels of package names: a host name whose leftmost label is one of these is rare."""
_TLDS: Final = _REVERSED | frozenset(
    {
        "xyz",
        "top",
        "online",
        "site",
        "club",
        "shop",
        "live",
        "space",
        "store",
        "link",
        "click",
        "icu",
        "fun",
        "pw",
    }
    | {
        "work",
        "tech",
        "website",
        "pro",
        "mobi",
        "name",
        "cloud",
        "life",
        "world",
        "vip",
        "ru",
        "su",
        "cn",
        "de",
    }
    | {
        "uk",
        "fr",
        "nl",
        "eu",
        "in",
        "br",
        "pl",
        "it",
        "es",
        "ir",
        "tr",
        "us",
        "cc",
        "tk",
        "ml",
        "ga",
        "cf",
        "gq",
    }
)


def kind_of(text: str) -> tuple[Kind, str] | None:
    """Give kind and value of one bare value, defanged or not; None for what cannot be told.

    `com.example.app` may be a package or a host name: it is a package if it begins as one and does not end as a host
    name does; if it could be both it is not told.
    """
    if len(text) > LONGEST:
        return None
    value = refang(text).strip("\"'<>")
    if not value or re.search(r"\s", value):
        return None
    if _FINGERPRINT.fullmatch(value):
        bare = value.replace(":", "")
        return (Kind.CERTIFICATE_SHA1 if len(bare) == 40 else Kind.CERTIFICATE_SHA256), bare  # noqa: PLR2004 - SHA-1
    if _HEX.fullmatch(value) and len(value) in _HASHES:
        return _HASHES[len(value)], value
    if "://" in value:
        return Kind.URL, value
    # whoever defangs a name says that it is a host, whatever it looks like
    return _address(value) or _mail(value) or _name(value, defanged=_DOT.search(text) is not None)


def _address(value: str) -> tuple[Kind, str] | None:
    host = match[1] if (match := _PORT.fullmatch(value)) and value.count(":") == 1 else value
    for candidate in (host, value.strip("[]")):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        return (Kind.IPV4 if address.version == 4 else Kind.IPV6), candidate  # noqa: PLR2004 - IP's version number
    try:
        return (Kind.ADDRESS_RANGE, str(ipaddress.ip_network(value))) if "/" in value else None
    except ValueError:
        return None


def _mail(value: str) -> tuple[Kind, str] | None:
    return (Kind.EMAIL, value) if len(value) <= _LONGEST_MAIL and _EMAIL.fullmatch(value) else None


def _name(value: str, *, defanged: bool) -> tuple[Kind, str] | None:
    host, slash, path = value.partition("/")
    host = match[1] if (match := _PORT.fullmatch(host)) else host
    if slash and path:
        return (Kind.URL, f"http://{value}") if _is_host(host) else None
    first, last = host.partition(".")[0].lower(), host.rpartition(".")[2]
    if first in _REVERSED and not defanged and _PACKAGE.fullmatch(host):
        if host != host.lower() or "_" in host or last.lower() not in _TLDS:
            return Kind.PACKAGE, host
        return None if host.count(".") > 1 else (Kind.DOMAIN, host)
    return (Kind.DOMAIN, host) if _is_host(host) else None


def _is_host(text: str) -> bool:
    try:
        return not domain(text).rpartition(".")[2].isdigit()
    except BadValueError:
        return False
