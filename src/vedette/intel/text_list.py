"""Plain text: one value a line, or prose in which what is bad stands defanged (as in published reports)."""

import re
from collections.abc import Iterator
from typing import Final

from vedette.intel.entering import Reading, enter
from vedette.intel.indicators import Kind
from vedette.intel.shapes import kind_of
from vedette.intel.tally import Document, ImportFailedError, Tally

_LONGEST_LINE: Final = 4096
_COMMENT: Final = re.compile(r"^\s*(?:#|//|;|!|--)|\s#\s.*$")
_DEFANGED: Final = re.compile(
    r"hxxp|\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\[:\]|\[@\]|\[at\]|\\\.", re.IGNORECASE
)
_HASH: Final = re.compile(r"\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b")
_EDGES: Final = "\"'`<>|,;*()_"
_HOSTS_FILE: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 - what block lists in hosts format begin with


def text_of(content: str | bytes) -> str:
    """Decode UTF-8. Raises ImportFailedError."""
    try:
        return content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeError as error:
        raise ImportFailedError(f"This is not a text in UTF-8: {error}") from None


def read_text(
    content: str | bytes, *, untyped: str = "", family: str = "", kind: Kind | None = None, role: str = ""
) -> Document:
    """Read a list. Raises ImportFailedError.

    A line that is one value is taken by its shape, or as `kind` where that is given. Of a line with more words only
    hashes and values written defanged are taken: whoever defangs says that it is bad; other links are references.
    """
    tally = Tally("text")
    reading = Reading(untyped or "UNKNOWN", family, role)
    for number, raw in enumerate(text_of(content).splitlines(), 1):
        if len(raw) > _LONGEST_LINE:
            tally.puzzle("line", raw, f"line {number} is longer than {_LONGEST_LINE:,} characters")
            continue
        line = _COMMENT.sub("", raw).strip()
        words = line.split()
        if len(words) == 2 and words[0] in _HOSTS_FILE:  # noqa: PLR2004 - address and name
            words = words[1:]
        if len(words) == 1:
            _value(words[0], reading, kind, tally)
        elif words:
            for type_, found in _in_prose(line):
                enter(tally, str(type_), type_, found, reading)
    return tally.finish()


def _value(word: str, reading: Reading, kind: Kind | None, tally: Tally) -> None:
    if kind is not None:
        enter(tally, str(kind), kind, word, reading)
        return
    bare = word.strip(",;|")
    found = kind_of(bare)
    if found is not None:
        enter(tally, str(found[0]), found[0], found[1], reading)
    elif not re.search(r"\w", bare) or bare[0] in "=-*[":
        tally.skip("line", "ruler or heading")
    else:
        tally.puzzle("line", bare, "its shape does not tell what it is: name the kind")


def _in_prose(line: str) -> Iterator[tuple[Kind, str]]:
    for match in _HASH.finditer(line):
        if found := kind_of(match[0]):
            yield found
    for word in re.split(r"[\s|]+", line):
        bare = word.strip(_EDGES).rstrip(".")
        if _DEFANGED.search(bare) and (found := kind_of(bare)):
            yield found
