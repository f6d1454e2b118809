"""Android's table of strings (frameworks/base ResourceTypes.h, ResStringPool_header), decoded string by string."""

import struct
from typing import Final

_HEADER: Final = struct.Struct("<HHL5L")
_UTF8: Final = 0x100
_LONG8, _LONG16 = 0x80, 0x8000
MOST_CHARACTERS: Final = 32_768
"""The longest string that is decoded; Android's own tools write none longer than 32,767."""


class StringPool:
    """Strings by number. Whatever is broken is an empty string: Android goes on, too."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        """Take the pool that begins at `at`; an empty one when its header does not fit."""
        self._data = data[:0]
        self._cache: dict[int, str] = {}
        self.count = 0
        if at < 0 or at + _HEADER.size > len(data):
            return
        _, header, size, count, _styles, flags, strings, _ = _HEADER.unpack_from(data, at)
        pool = data[at : at + size] if size >= _HEADER.size else data[at:]
        self._is_utf8 = bool(flags & _UTF8)
        self._offsets_at, self._strings_at = header, strings
        # the count is a claim: a table longer than the pool holds nothing more
        self.count = max(0, min(count, (len(pool) - header) // 4))
        self._data = pool

    def get(self, number: int) -> str:
        """Give a string; empty for one that is not there or broken."""
        if not 0 <= number < self.count:
            return ""
        known = self._cache.get(number)
        if known is None:
            known = self._cache[number] = self._decode(number)
        return known

    def _decode(self, number: int) -> str:
        try:
            (offset,) = struct.unpack_from("<L", self._data, self._offsets_at + 4 * number)
            at = self._strings_at + offset
            return self._utf8(at) if self._is_utf8 else self._utf16(at)
        except (struct.error, IndexError):
            return ""

    def _utf8(self, at: int) -> str:
        _, at = self._length8(at)
        size, at = self._length8(at)
        return bytes(self._data[at : at + min(size, 4 * MOST_CHARACTERS)]).decode("utf-8", "replace")

    def _length8(self, at: int) -> tuple[int, int]:
        first = self._data[at]
        if first & _LONG8:
            return (first & ~_LONG8) << 8 | self._data[at + 1], at + 2
        return first, at + 1

    def _utf16(self, at: int) -> str:
        (length,) = struct.unpack_from("<H", self._data, at)
        at += 2
        if length & _LONG16:
            (low,) = struct.unpack_from("<H", self._data, at)
            length, at = (length & ~_LONG16) << 16 | low, at + 2
        return bytes(self._data[at : at + 2 * min(length, MOST_CHARACTERS)]).decode("utf-16-le", "replace")
