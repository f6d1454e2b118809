"""Lists of trackers as Exodus Privacy publishes them: names of the code that applications contain."""

import re
from typing import Any, Final

import msgspec

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import Kind
from vedette.intel.tally import Document, ImportFailedError, Tally

ROLE: Final = "tracker"
_CODE: Final = "code_signature"
_NETWORK: Final = "network_signature"
_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+", re.ASCII)


class _List(msgspec.Struct):
    trackers: dict[str, dict[str, Any]] | list[dict[str, Any]]


def is_tracker_list(ends: bytes) -> bool:
    """Whether a text looks like one, from its beginning and its end."""
    return b'"trackers"' in ends and b'"code_signature"' in ends


def read_trackers(content: bytes, *, untyped: str = "") -> Document:
    """Read `{"trackers": {id: {"name", "code_signature", "categories", …}}}`. Raises ImportFailedError.

    A code signature is names of packages or classes with `|` between them. A name counts with all below it; so a name
    without a package (`.Manager`, which would be a part of many) is not understood. Found code is RISKWARE unless told
    otherwise: a tracker is no malware.
    """
    try:
        listed = msgspec.json.decode(content, type=_List).trackers
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ImportFailedError(f"This is not a list of trackers: {error}") from None
    tally = Tally("exodus")
    for item in listed.values() if isinstance(listed, dict) else listed:
        name = str(item.get("name") or "")[:200]
        for raw in str(item.get(_CODE) or "").split("|"):
            _code(tally, raw.strip(), name, untyped or "RISKWARE")
        if item.get(_NETWORK):
            tally.skip(_NETWORK, "an expression over host names, which many others match too")
    return tally.finish()


def _code(tally: Tally, raw: str, name: str, classification: str) -> None:
    if not raw:
        return
    clean = raw.replace("\\.", ".").removesuffix("*").rstrip(".")
    if not _NAME.fullmatch(clean):
        tally.puzzle(_CODE, raw, "not the name of a package or class with a dot in it")
        return
    enter(tally, _CODE, Kind.CODE, clean, Reading(classification, name, ROLE))
