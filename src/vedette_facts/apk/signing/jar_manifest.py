"""MANIFEST.MF and signature files: sections of names and values (JAR File Specification, "Name-Value pairs")."""

import re
from typing import Final, NamedTuple

from vedette_facts.limits import UnreadableError

_MOST_SECTIONS: Final = 200_000
_LINE_END: Final = re.compile(rb"\r\n|\n|\r(?!\n)")
_SECTION_END: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2,}")


class Section(NamedTuple):
    """Values by name in small letters, and the bytes they were written in, with the empty line that ends them."""

    values: dict[str, str]
    raw: bytes

    @property
    def name(self) -> str:
        """The entry it is about."""
        return self.values.get("name", "")


def sections(content: bytes) -> list[Section]:
    """Read all sections; the first is about the whole. UnreadableError when there are too many."""
    found: list[Section] = []
    at = 0
    while at < len(content):
        if len(found) == _MOST_SECTIONS:
            raise UnreadableError(f"It has more than {_MOST_SECTIONS:,} sections.")
        end = _SECTION_END.search(content, at)
        stop = end.end() if end else len(content)
        # several empty lines belong to nobody: only the first ends the section
        raw = content[at : _first_blank(content, end.start())] if end else content[at:stop]
        found.append(Section(_values(raw), raw))
        at = stop
    return found


def _first_blank(content: bytes, at: int) -> int:
    for _ in range(2):
        match = _LINE_END.match(content, at)
        at = match.end() if match else at
    return at


def _values(raw: bytes) -> dict[str, str]:
    lines: list[bytearray] = []
    for line in _LINE_END.split(raw):
        if line[:1] == b" " and lines:
            lines[-1] += line[1:]
        elif line:
            lines.append(bytearray(line))
    values: dict[str, str] = {}
    for whole in lines:
        name, _, value = bytes(whole).partition(b": ")
        values.setdefault(name.decode("utf-8", "replace").lower(), value.decode("utf-8", "replace"))
    return values
