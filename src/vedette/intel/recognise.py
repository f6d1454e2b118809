"""Telling the format of a feed from its beginning and its end."""

import json
from collections.abc import Callable
from typing import Final, Literal

from vedette.intel.apple import is_sofa
from vedette.intel.end_of_life import is_end_of_life
from vedette.intel.maltrail import is_maltrail
from vedette.intel.tally import ImportFailedError
from vedette.intel.trackers import is_tracker_list
from vedette.intel.warning_list import is_warning_list

Format = Literal[
    "stix2",
    "stalkerware-yaml",
    "stalkerware-csv",
    "mvt-index",
    "maltrail",
    "misp-warninglist",
    "csv",
    "records",
    "text",
    "sofa",
    "osv-android",
    "kev",
    "endoflife",
    "exodus",
]
_HEAD: Final = 65_536
_TAIL: Final = 4096


def _has(*words: bytes) -> Callable[[bytes], bool]:
    return lambda ends: any(word in ends for word in words)


_JSON: Final[tuple[tuple[Format, Callable[[bytes], bool]], ...]] = (
    ("osv-android", _has(b'"ASB-A-', b'"PUB-A-')),
    ("kev", lambda ends: b'"catalogVersion"' in ends and b'"vulnerabilities"' in ends),
    ("sofa", is_sofa),
    ("endoflife", is_end_of_life),
    ("misp-warninglist", is_warning_list),
    ("exodus", is_tracker_list),
    ("stix2", _has(b'"bundle"', b'"spec_version"', b'"objects"')),
)
_LINES: Final[tuple[tuple[Format, Callable[[list[str]], bool]], ...]] = (
    (
        "stalkerware-csv",
        lambda lines: lines[0].lower().startswith("sha256,") and "certificate" in lines[0].lower(),
    ),
    ("mvt-index", lambda lines: lines[0].startswith("indicators:")),
    ("stalkerware-yaml", lambda lines: any(line.startswith(("- name:", "-  name:")) for line in lines)),
    (
        "csv",
        lambda lines: any(c in lines[0] for c in ",;\t") and " " not in lines[0].strip().partition(",")[0],
    ),
    ("records", lambda lines: lines[0].rstrip().endswith(":") and any(x.lstrip()[:2] == "- " for x in lines)),
    ("stalkerware-yaml", lambda lines: lines[0].startswith("- ") and ":" in lines[0]),
    ("records", lambda lines: lines[0].startswith("- ")),
)


def recognise(text: bytes) -> Format:
    """Tell the format. Raises ImportFailedError."""
    head = text[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PK\x03\x04"):
        return "osv-android"
    if not head or b"\0" in head:
        raise _unknown()
    if head[:1] in (b"{", b"["):
        return _json(head, text[-_TAIL:])
    words = head.decode(errors="replace")
    if is_maltrail(words):
        return "maltrail"
    return "endoflife" if is_end_of_life(head) else _lines(words)


def _json(head: bytes, tail: bytes) -> Format:
    found = next((name for name, is_it in _JSON if is_it(head + tail)), None)
    if found is not None:
        return found
    try:
        whole = json.loads(head)
    except (ValueError, RecursionError):
        return "records"
    return "stix2" if isinstance(whole, dict) and "type" in whole else "records"


def _lines(words: str) -> Format:
    lines = [
        line for line in words.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//"))
    ]
    if not lines:
        raise _unknown()
    return next((name for name, is_it in _LINES if is_it(lines)), "text")


def _unknown() -> ImportFailedError:
    return ImportFailedError("The format of this text was not recognised: name it.")
