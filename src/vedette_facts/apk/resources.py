"""resources.arsc: the text behind a resource number, in the language without a name (ResourceTypes.h, ResTable)."""

import struct
from typing import Final

from vedette_facts.apk.binary_xml import TYPE_DYNAMIC_REFERENCE, TYPE_REFERENCE, TYPE_STRING
from vedette_facts.apk.string_pool import StringPool

_CHUNK: Final = struct.Struct("<HHL")
_TYPE: Final = struct.Struct("<BBHLL")
_VALUE: Final = struct.Struct("<HBBL")
_STRING_POOL, _TABLE, _PACKAGE, _TYPE_CHUNK = 0x0001, 0x0002, 0x0200, 0x0201
_COMPLEX, _COMPACT = 0x0001, 0x0008
_SPARSE, _OFFSET16 = 0x01, 0x02
_NO_ENTRY, _NO_ENTRY16 = 0xFFFFFFFF, 0xFFFF
_MOST_STEPS: Final = 8
_MOST_CHUNKS: Final = 100_000
_MOST_LANGUAGES: Final = 500
"""Configurations of one kind of resource that are looked into."""
_CONFIG_AT: Final = 20
_PACKAGE_ID_AT: Final = 8


class Resources:
    """Texts by resource number. Broken tables give no text; they raise nothing."""

    def __init__(self, content: bytes) -> None:
        """Find the tables; nothing is decoded yet."""
        self._data = memoryview(content)
        self._strings = StringPool(self._data[:0])
        self._types: dict[tuple[int, int], list[int]] = {}
        self._left = _MOST_CHUNKS
        if len(content) >= _CHUNK.size and _CHUNK.unpack_from(content)[0] == _TABLE:
            _, header, size = _CHUNK.unpack_from(content)
            self._walk(header, min(size, len(content)), 0)

    def _walk(self, at: int, end: int, package: int) -> None:
        while at + _CHUNK.size <= end and self._left:
            self._left -= 1
            kind, header, size = _CHUNK.unpack_from(self._data, at)
            if size < _CHUNK.size or at + size > end:
                return
            if kind == _STRING_POOL and not package and not self._strings.count:
                self._strings = StringPool(self._data, at)
            elif kind == _PACKAGE and not package and size > _PACKAGE_ID_AT + 4:
                (number,) = struct.unpack_from("<L", self._data, at + _PACKAGE_ID_AT)
                self._walk(at + max(header, _CHUNK.size), at + size, (number & 0xFF) or 0x7F)
            elif kind == _TYPE_CHUNK and package and size > _CONFIG_AT + 4:
                self._types.setdefault((package, self._data[at + _CHUNK.size]), []).append(at)
            at += size

    def text(self, number: int) -> str | None:
        """Give the text of a resource, through references; None when there is none."""
        for _ in range(_MOST_STEPS):
            value = self._value(number)
            if value is None:
                return None
            kind, data = value
            if kind == TYPE_STRING:
                return self._strings.get(data) or None
            if kind not in (TYPE_REFERENCE, TYPE_DYNAMIC_REFERENCE):
                return None
            number = data
        return None

    def _value(self, number: int) -> tuple[int, int] | None:
        """Look the number up: in the configuration without a language if it is there, else in the first that has it."""
        package, kind, entry = number >> 24, number >> 16 & 0xFF, number & 0xFFFF
        chunks = self._types.get((package, kind), ())
        for at in sorted(chunks, key=lambda at: not self._is_default(at))[:_MOST_LANGUAGES]:
            try:
                found = self._entry(at, entry)
            except struct.error:
                continue
            if found is not None:
                return found
        return None

    def _is_default(self, at: int) -> bool:
        size = int.from_bytes(self._data[at + _CONFIG_AT : at + _CONFIG_AT + 4], "little")
        return not any(self._data[at + _CONFIG_AT + 4 : at + _CONFIG_AT + min(size, 64)])

    def _entry(self, at: int, entry: int) -> tuple[int, int] | None:
        _, header, size = _CHUNK.unpack_from(self._data, at)
        _, flags, _, count, start = _TYPE.unpack_from(self._data, at + _CHUNK.size)
        offset = self._offset(at + header, flags, count, entry)
        if offset is None:
            return None
        where = at + start + offset
        if where + 8 > at + size:
            return None
        head, entry_flags, data = struct.unpack_from("<HHL", self._data, where)
        if entry_flags & _COMPACT:
            return entry_flags >> 8, data
        if entry_flags & _COMPLEX:
            return None
        _, _, kind, value = _VALUE.unpack_from(self._data, where + head)
        return kind, value

    def _offset(self, table: int, flags: int, count: int, entry: int) -> int | None:
        if flags & _SPARSE:
            for index in range(min(count, 0xFFFF)):
                number, quarter = struct.unpack_from("<HH", self._data, table + 4 * index)
                if number == entry:
                    return int(quarter) * 4
            return None
        if entry >= count:
            return None
        if flags & _OFFSET16:
            (short,) = struct.unpack_from("<H", self._data, table + 2 * entry)
            return None if short == _NO_ENTRY16 else int(short) * 4
        (offset,) = struct.unpack_from("<L", self._data, table + 4 * entry)
        return None if offset == _NO_ENTRY else int(offset)
