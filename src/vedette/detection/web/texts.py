"""Links in a text, as a message or a code holds them: with and without scheme, defanged or not."""

import re
from typing import Final

from vedette.detection.web.addresses import BadAddressError, parse_address
from vedette.detection.web.suffixes import bundled
from vedette.intel.indicators import refang

LONGEST_TEXT: Final = 65_536
MOST: Final = 50

_WITH_SCHEME: Final = re.compile(r"(?:https?|ftp)://[^\s<>\"\u00ab\u00bb\u201c\u201d]{1,4096}", re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?<![\w@./-])(?:[^\W_](?:[\w-]{0,62}))(?:\.[^\W_](?:[\w-]{0,62})){1,20}(?::\d{1,5})?(?:[/?#][^\s<>\"]{0,4096})?"
)
_AFTER: Final = ".,;:!?'\u2019\u2026*_~"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


def addresses_in(text: str) -> tuple[str, ...]:
    """List the addresses in a text in their order, each once, at most 50; only the first 65,536 characters are read.

    Without a scheme only names with a top-level domain that exists count, so that `report.final` is no address.
    """
    plain = refang(text[:LONGEST_TEXT])
    found: dict[str, None] = {}
    spans: list[tuple[int, int]] = []
    hits: list[tuple[int, str]] = []
    for match in _WITH_SCHEME.finditer(plain):
        spans.append(match.span())
        hits.append((match.start(), _trimmed(match[0])))
    rest = list(plain)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    hits += [(match.start(), _trimmed(match[0])) for match in _BARE.finditer("".join(rest))]
    for _, candidate in sorted(hits):
        if len(found) < MOST and candidate not in found and _is_address(candidate):
            found[candidate] = None
    return tuple(found)


def _trimmed(candidate: str) -> str:
    """Take away what belongs to the sentence around it."""
    while candidate:
        last = candidate[-1]
        if last in _AFTER or (last in _PAIRS and candidate.count(last) > candidate.count(_PAIRS[last])):
            candidate = candidate[:-1]
        else:
            break
    return candidate


def _is_address(candidate: str) -> bool:
    try:
        address = parse_address(candidate)
    except BadAddressError:
        return False
    if address.host.is_ip or "://" in candidate:
        return True
    return bundled().knows_ending(address.host.name.rpartition(".")[2])
