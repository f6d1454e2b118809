"""MISP warning lists: values that are no evidence although feeds list them. They win over every feed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import ALLOW, Kind
from vedette.intel.shapes import kind_of
from vedette.intel.tally import Document, ImportFailedError, Tally

_NETWORK: Final = frozenset({Kind.DOMAIN, Kind.URL, Kind.IPV4, Kind.IPV6, Kind.ADDRESS_RANGE, Kind.EMAIL})
_HASHES: Final = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256})
_WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "substring": "a part of a value would allow too much",
        "regex": "expressions of a feed are not run",
    }
)


class _List(msgspec.Struct):
    name: str
    type: str
    values: list[str] = msgspec.field(name="list")


def is_warning_list(ends: bytes) -> bool:
    """Tell by the members that stand at the beginning and the end of each of its files."""
    return b'"matching_attributes"' in ends and b'"list"' in ends


def read_warning_list(content: str | bytes) -> Document:
    """Read a list. Raises ImportFailedError.

    Types string, hostname and cidr are read. MISP matches sub-domains of a hostname too; here an entry speaks
    for exactly the name it gives: lists of dynamic-DNS and hosting parents, and popular sites, would otherwise
    allow every harmful name below them (detection.md 1.9).
    """
    try:
        found = msgspec.json.decode(content, type=_List)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ImportFailedError(f"This is not a MISP warning list: {error}") from None
    tally = Tally("misp-warninglist")
    reading = Reading("UNKNOWN", found.name[:200], ALLOW)
    for raw in found.values:
        value = raw.strip().removeprefix("*.").lstrip(".")
        if found.type in _WHY:
            tally.puzzle(found.type, value, _WHY[found.type])
            continue
        told = (Kind.ADDRESS_RANGE, value) if found.type == "cidr" else kind_of(value)
        if told is not None and told[0] in _NETWORK | _HASHES:
            enter(tally, found.type, told[0], told[1], reading)
        elif found.type == "hostname" and value:
            enter(tally, found.type, Kind.DOMAIN, value, reading)
        else:
            tally.puzzle(found.type, value, "neither a name, nor an address, nor a hash")
    return tally.finish()
