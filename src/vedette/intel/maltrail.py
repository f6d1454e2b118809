"""Trails of Maltrail: host names, addresses with or without port, host with path, and bare paths, in one file."""

import re
from typing import Final

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import Kind
from vedette.intel.shapes import kind_of
from vedette.intel.tally import Document, Tally
from vedette.intel.text_list import text_of

_ALIASES: Final = re.compile(r"^#\s*Aliases?:\s*(.+)$", re.IGNORECASE)
_LONGEST_LINE: Final = 4096


def is_maltrail(head: str) -> bool:
    """Tell by the words at the top of each of its files."""
    return "maltrail" in head.lower() and head.lstrip().startswith("#")


def read_maltrail(content: str | bytes, *, untyped: str = "", family: str = "", role: str = "c2") -> Document:
    """Read a file of trails. Raises ImportFailedError.

    `untyped` (default TROJAN): the files say nothing of the kind of malware. `family`: the file's own name
    says it; else the first alias does. A bare path (`/gate.php`) names no host and is not understood; a port is
    dropped.
    """
    tally = Tally("maltrail")
    name = family
    for raw in text_of(content).splitlines():
        line = raw[:_LONGEST_LINE].strip()
        if not family and not name and (match := _ALIASES.match(line)):
            name = match[1].split(",")[0].strip()
        trail = line.partition("#")[0].strip()
        if not trail:
            continue
        if trail.startswith("/"):
            tally.puzzle("path", trail, "a path without a host would match everywhere")
            continue
        found = kind_of(trail)
        if found is not None and found[0] is Kind.PACKAGE:
            found = (Kind.DOMAIN, trail)  # trails are never packages
        elif found is None and "." in trail and "/" not in trail:
            found = (Kind.DOMAIN, trail)
        if found is None:
            tally.puzzle("trail", trail, "neither a host, nor an address, nor a host with a path")
        else:
            enter(tally, str(found[0]), found[0], found[1], Reading(untyped or "TROJAN", name, role))
    return tally.finish()
