"""Names in Dalvik executables (source.android.com, "Dalvik executable format"): classes defined, hosts in texts."""

import re
import struct
from collections.abc import Iterator
from typing import Final

from vedette_facts.limits import UnreadableError

MAGIC: Final = b"dex\n"
_HEADER: Final = struct.Struct("<8sL20s20L")
_ENDIAN: Final = 0x12345678
_CLASS_SIZE: Final = 32
_NUMBER: Final = struct.Struct("<L")
_LONGEST_LENGTH: Final = 5
"""Bytes of a number of 32 bits in ULEB128."""
_LONGEST_NAME: Final = 512
_URL: Final = re.compile(rb"https?://([A-Za-z0-9.-]{3,253})(?=[/:?#\x00\"' ]|$)")


def is_dex(head: bytes) -> bool:
    """Whether a file begins as one does."""
    return head[:4] == MAGIC and head[7:8] == b"\0"


def class_names(content: bytes, most: int) -> list[str]:
    """Give the names of the classes it defines, as `org.example.Main`. UnreadableError when its tables are broken."""
    if len(content) < _HEADER.size or not is_dex(content):
        raise UnreadableError("It is no Dalvik executable.")
    fields = _HEADER.unpack_from(content)[3:]
    if fields[2] != _ENDIAN:
        raise UnreadableError("It is a Dalvik executable of another byte order, which no phone runs.")
    strings, types, classes = (fields[6], fields[7]), (fields[8], fields[9]), (fields[16], fields[17])
    for (count, at), size in ((strings, 4), (types, 4), (classes, _CLASS_SIZE)):
        if at + count * size > len(content):
            raise UnreadableError("A table of the Dalvik executable lies outside the file.")
    if classes[0] > most:
        raise UnreadableError(f"It defines more than {most:,} classes.")
    try:
        return [
            _name(content, _number(content, strings, _number(content, types, _number(content, (1, at), 0))))
            for at in range(classes[1], classes[1] + classes[0] * _CLASS_SIZE, _CLASS_SIZE)
        ]
    except IndexError:
        raise UnreadableError("A class of the Dalvik executable has no name.") from None


def _number(content: bytes, table: tuple[int, int], index: int) -> int:
    """Look into a table (count, offset) where it stands: how many it holds is a claim. IndexError."""
    count, at = table
    if index >= count:
        raise IndexError
    number: int = _NUMBER.unpack_from(content, at + 4 * index)[0]
    return number


def _name(content: bytes, at: int) -> str:
    """Read `Lorg/example/Main;` (MUTF-8 with its length before it) as `org.example.Main`."""
    for _ in range(_LONGEST_LENGTH):
        at += 1
        if not content[at - 1] & 0x80:
            break
    end = content.find(b"\0", at, at + _LONGEST_NAME)
    raw = content[at : end if end >= 0 else at + _LONGEST_NAME]
    name = raw.decode("utf-8", "replace")
    return name[1:-1].replace("/", ".") if name[:1] == "L" and name[-1:] == ";" else name


def hosts(content: bytes) -> Iterator[str]:
    """Give the host names of the addresses written in it, in small letters; many times if they stand there so."""
    for match in _URL.finditer(content):
        name = match[1].decode("ascii").lower().strip(".-")
        if "." in name and ".." not in name:
            yield name
