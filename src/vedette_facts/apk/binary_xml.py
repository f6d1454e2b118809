"""Android's binary XML, read as the system reads it (frameworks/base ResourceTypes.h, ResXMLTree).

Made to survive what is written to stop analysis: chunks of unknown types and wrong sizes are skipped, attributes may
be larger than they need to be, and an attribute's name comes from its resource number where it has one, because that
is what Android goes by whatever the string says.
"""

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from vedette_facts.apk.string_pool import StringPool
from vedette_facts.limits import UnreadableError

_CHUNK: Final = struct.Struct("<HHL")
_ELEMENT: Final = struct.Struct("<LLHHH")
_ATTRIBUTE: Final = struct.Struct("<LLLHBBL")
_STRING_POOL, _RESOURCE_MAP = 0x0001, 0x0180
_START, _END = 0x0102, 0x0103
_MOST_EVENTS: Final = 200_000
_MOST_ATTRIBUTES: Final = 500
_DEEPEST_PATH: Final = 32
"""So many names of a path are given; what lies deeper means nothing to Android."""

TYPE_REFERENCE, TYPE_STRING, TYPE_BOOLEAN = 0x01, 0x03, 0x12
TYPE_DYNAMIC_REFERENCE: Final = 0x07
_INTEGERS: Final = range(0x10, 0x20)

ATTRIBUTES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01010001: "label",
        0x01010003: "name",
        0x01010006: "permission",
        0x0101000B: "sharedUserId",
        0x0101000E: "enabled",
        0x0101000F: "debuggable",
        0x01010010: "exported",
        0x01010021: "targetPackage",
        0x01010024: "value",
        0x01010025: "resource",
        0x01010202: "targetActivity",
        0x0101020C: "minSdkVersion",
        0x0101021B: "versionCode",
        0x0101021C: "versionName",
        0x01010270: "targetSdkVersion",
        0x01010271: "maxSdkVersion",
        0x01010272: "testOnly",
        0x010104EC: "usesCleartextTraffic",
        0x01010576: "versionCodeMajor",
    }
)
"""Public resource numbers of android.R.attr that a manifest's facts come from."""
_BY_NUMBER: Final = frozenset(ATTRIBUTES.values())


class Value(NamedTuple):
    """An attribute's value: its type (Res_value), its 32 bits, its text where it has one."""

    type: int
    data: int
    text: str

    @property
    def number(self) -> int | None:
        """The value as an integer; None when it is none. Texts that are decimal numbers count, as for Android."""
        if self.type in _INTEGERS:
            return self.data
        if self.type == TYPE_STRING and self.text.isascii() and self.text.isdigit() and len(self.text) <= 10:  # noqa: PLR2004 - digits of 32 bits
            return int(self.text)
        return None

    @property
    def flag(self) -> bool | None:
        """The value as true or false; None when it is neither."""
        if self.type == TYPE_STRING:
            return {"true": True, "false": False}.get(self.text.lower())
        return self.data != 0 if self.type in _INTEGERS else None

    @property
    def reference(self) -> int | None:
        """The number of the resource it refers to; None when it refers to none."""
        return self.data if self.type in (TYPE_REFERENCE, TYPE_DYNAMIC_REFERENCE) else None


class Element(NamedTuple):
    """A start of an element: the names of those around it, outermost first, its own, its attributes by name."""

    path: tuple[str, ...]
    name: str
    attributes: Mapping[str, Value]

    def text(self, name: str) -> str:
        """Give an attribute's text; empty when it has none."""
        value = self.attributes.get(name)
        return value.text if value else ""


def elements(content: bytes) -> Iterator[Element]:
    """Read all elements in order. UnreadableError when it is no binary XML at all, or endless."""
    data = memoryview(content)
    if len(data) < _CHUNK.size:
        raise UnreadableError("It is no binary XML: it is too short.")
    if content.lstrip()[:1] == b"<":
        raise UnreadableError("It is plain XML, which Android does not read in an application.")
    strings, numbers = StringPool(data[:0]), memoryview(b"").cast("B")
    path: list[str] = []
    events = 0
    for kind, header, chunk in _chunks(data):
        events += 1
        if events > _MOST_EVENTS:
            raise UnreadableError(f"It has more than {_MOST_EVENTS:,} parts.")
        if kind == _STRING_POOL and not strings.count:
            strings = StringPool(chunk)
        elif kind == _RESOURCE_MAP:
            numbers = chunk[header:]
        elif kind == _START and header + _ELEMENT.size <= len(chunk):
            element = _element(chunk, header, strings, numbers, tuple(path[:_DEEPEST_PATH]))
            path.append(element.name)
            yield element
        elif kind == _END and path:
            path.pop()
    if not events or not strings.count:
        raise UnreadableError("It is no binary XML: it holds no table of strings.")


def _chunks(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Give type, size of the header, and bytes of each chunk inside the outermost one.

    A size that cannot be true ends the reading, as it does on the phone.
    """
    _, header, _ = _CHUNK.unpack_from(data, 0)
    at = max(header, _CHUNK.size)
    while at + _CHUNK.size <= len(data):
        kind, header, size = _CHUNK.unpack_from(data, at)
        if size < _CHUNK.size or at + size > len(data):
            return
        yield kind, header, data[at : at + size]
        at += size


def _element(
    chunk: memoryview, header: int, strings: StringPool, numbers: memoryview, path: tuple[str, ...]
) -> Element:
    _, name, start, size, count = _ELEMENT.unpack_from(chunk, header)
    attributes: dict[str, Value] = {}
    for index in range(min(count, _MOST_ATTRIBUTES)):
        at = header + start + index * max(size, _ATTRIBUTE.size)
        if at + _ATTRIBUTE.size > len(chunk):
            break
        _, attribute, raw, _, _, kind, data = _ATTRIBUTE.unpack_from(chunk, at)
        text = strings.get(data if kind == TYPE_STRING else raw)
        known = _name(attribute, strings, numbers)
        if known:
            attributes.setdefault(known, Value(kind, data, text))
    return Element(path, strings.get(name), attributes)


def _name(index: int, strings: StringPool, numbers: memoryview) -> str:
    """Name an attribute; empty for one that only looks like one of Android's: a decoy for tools that go by texts."""
    at = 4 * index
    if at + 4 <= len(numbers):
        known = ATTRIBUTES.get(int.from_bytes(numbers[at : at + 4], "little"))
        if known:
            return known
    name = strings.get(index)
    return "" if name in _BY_NUMBER else name
