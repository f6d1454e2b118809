"""The ZIP container as Android reads it (system/libziparchive; PKWARE APPNOTE 6.3.9 section 4.3).

Android goes by the central directory, takes the place of the data from the local header, ignores the flag
"encrypted", and does not refuse a packing method that it does not know. Tools that are stricter or laxer see another
application than the phone runs; so what makes the difference is kept as an oddity.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from vedette_facts.apk.limits import ApkLimits
from vedette_facts.limits import UnreadableError

_EOCD: Final = struct.Struct("<4s4H2LH")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_EOCD_MAGIC: Final = b"PK\x05\x06"
_CENTRAL_MAGIC: Final = b"PK\x01\x02"
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_DEX_MAGIC: Final = b"dex\n"
_LONGEST_COMMENT: Final = 0xFFFF
STORED: Final = 0
DEFLATED: Final = 8
_ENCRYPTED: Final = 1
_ZIP64: Final = 0xFFFFFFFF
_PIECE: Final = 16 * 1024 * 1024
_BEGINNING: Final = 64 * 1024
_RATIO: Final = 1032
"""Deflate packs nothing better than 1:1032 (zlib's technical details), so whoever claims more lies."""

Bytes = bytes | memoryview


class Directory(NamedTuple):
    """Where the central directory stands: its offset and size, the offset of its end record, entries it claims."""

    offset: int
    size: int
    end: int
    entries: int


class Entry(NamedTuple):
    """One entry of the central directory; `at` is where its local header is said to be."""

    name: str
    raw_name: bytes
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    at: int


class Container:
    """Entries by name over the bytes of a file. Of entries with one name the first counts; both are told."""

    def __init__(self, data: memoryview, limits: ApkLimits) -> None:
        """Read the central directory. UnreadableError when there is none that Android would accept."""
        self.data = data
        self.oddities: dict[str, list[str]] = {}
        self._limits = limits
        self._left = limits.unpacked
        self.directory = find_directory(data)
        self.entries: dict[str, Entry] = {}
        self.all_entries: list[Entry] = []
        for entry in _entries(data, self.directory, limits):
            self._take(entry)
        self._note_overlaps()
        if self.all_entries and bytes(data[:4]) != _LOCAL_MAGIC:
            self.note("janus" if bytes(data[:4]) == _DEX_MAGIC else "data_before", "before the first entry")

    def _take(self, entry: Entry) -> None:
        self.all_entries.append(entry)
        if entry.name in self.entries:
            self.note("duplicate_entry", entry.name)
        else:
            self.entries[entry.name] = entry
        if entry.flags & _ENCRYPTED:
            self.note("false_encryption", entry.name)
        if entry.method not in (STORED, DEFLATED):
            self.note("unknown_method", f"{entry.name} ({entry.method:#x})")
        parts = entry.name.split("/")
        if entry.name.startswith("/") or ".." in parts or "\\" in entry.name:
            self.note("path_outside", entry.name)

    def _note_overlaps(self) -> None:
        """Entries that share bytes unpack to more than the file could hold otherwise."""
        furthest, last = 0, ""
        for entry in sorted(self.all_entries, key=lambda entry: entry.at):
            if entry.at < furthest:
                self.note("overlap", f"{last}, {entry.name}")
            end = entry.at + _LOCAL.size + len(entry.raw_name) + entry.packed
            if end > furthest:
                furthest, last = end, entry.name

    def note(self, code: str, what: str) -> None:
        """Keep an oddity, as many of a sort as the limits allow."""
        kept = self.oddities.setdefault(code, [])
        if len(kept) < self._limits.listed and what not in kept[-1:]:
            kept.append(what[:255])

    def packed_bytes(self, entry: Entry) -> memoryview:
        """Give an entry as it stands in the file. UnreadableError when it is not there."""
        end_of_header = entry.at + _LOCAL.size
        if end_of_header > self.directory.offset:
            raise UnreadableError("Its header lies outside the file.")
        magic, *_, name_length, extra_length = _LOCAL.unpack_from(self.data, entry.at)
        if magic != _LOCAL_MAGIC:
            raise UnreadableError("There is no header where the directory says.")
        if bytes(self.data[end_of_header : end_of_header + name_length]) != entry.raw_name:
            self.note("names_differ", entry.name)
        start = end_of_header + name_length + extra_length
        size = entry.packed if self._is_deflated(entry) else entry.size
        if start + size > self.directory.offset:
            raise UnreadableError("Its content lies outside the file.")
        return self.data[start : start + size]

    @staticmethod
    def _is_deflated(entry: Entry) -> bool:
        """Whether to inflate. Of an unknown method the sizes tell: what was packed differs in size."""
        return entry.method == DEFLATED or (entry.method != STORED and entry.packed != entry.size)

    def pieces(self, entry: Entry) -> Iterator[Bytes]:
        """Unpack an entry piece by piece. UnreadableError when it is broken or more than allowed.

        Pieces have up to 16 MiB: most entries come in one, which saves copying.
        """
        packed = self.packed_bytes(entry)
        if not self._is_deflated(entry):
            self._spend(len(packed))
            for at in range(0, len(packed), _PIECE):
                yield packed[at : at + _PIECE]
            return
        if entry.size > self._limits.entry or entry.size > _RATIO * (entry.packed + 1):
            raise UnreadableError(f"It claims to unpack to {entry.size:,} bytes.")
        yield from self._inflated(entry, packed)

    def _inflated(self, entry: Entry, packed: memoryview) -> Iterator[Bytes]:
        unpacker, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        source: Bytes = packed
        try:
            while not unpacker.eof:
                piece = unpacker.decompress(source, _PIECE)
                source = unpacker.unconsumed_tail
                if not piece and not source:
                    break
                size += len(piece)
                if size > entry.size:
                    raise UnreadableError("It unpacks to more than the directory says.")
                self._spend(len(piece))
                yield piece
        except zlib.error as error:
            raise UnreadableError(f"It could not be unpacked: {error}.") from None
        if size != entry.size:
            raise UnreadableError("It unpacks to less than the directory says.")

    def _spend(self, size: int) -> None:
        if size > self._limits.entry:
            raise UnreadableError(f"It is larger than {self._limits.entry:,} bytes.")
        if size > self._left:
            raise UnreadableError(f"More than {self._limits.unpacked:,} bytes were unpacked before it.")
        self._left -= size

    def read(self, entry: Entry, most: int) -> bytes:
        """Unpack an entry whole. UnreadableError as `pieces`, or when it is larger than `most`."""
        if entry.size > most:
            raise UnreadableError(f"It is larger than {most:,} bytes.")
        return b"".join(self.pieces(entry))

    def head(self, entry: Entry, size: int) -> bytes:
        """Give the first bytes of an entry; nothing when it is broken."""
        try:
            packed = self.packed_bytes(entry)
            if not self._is_deflated(entry):
                return bytes(packed[:size])
            return _beginning(packed, size)
        except (UnreadableError, zlib.error):
            return b""


def _beginning(packed: memoryview, size: int) -> bytes:
    """Inflate so much and no more; zlib would copy all that it is given and does not need."""
    unpacker, found = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    for at in range(0, len(packed), _BEGINNING):
        found += unpacker.decompress(packed[at : at + _BEGINNING], size - len(found))
        if unpacker.eof or len(found) >= size:
            break
    return bytes(found)


def find_directory(data: memoryview) -> Directory:
    """Find the end record from behind and what it points at. UnreadableError when there is none."""
    start = max(0, len(data) - _EOCD.size - _LONGEST_COMMENT)
    tail = bytes(data[start:])
    at = tail.rfind(_EOCD_MAGIC)
    while at >= 0:
        if at + _EOCD.size <= len(tail):
            _, _, _, _, count, size, offset, comment = _EOCD.unpack_from(tail, at)
            if at + _EOCD.size + comment == len(tail):
                return _checked(Directory(offset, size, start + at, count))
        at = tail.rfind(_EOCD_MAGIC, 0, at)
    raise UnreadableError("It is no zip archive, or its end is missing.")


def _checked(found: Directory) -> Directory:
    if found.offset == _ZIP64:
        raise UnreadableError("It is a ZIP64 archive, which Android does not install.")
    if found.offset + found.size > found.end:
        raise UnreadableError("Its directory lies outside the file.")
    return found


def _entries(data: memoryview, directory: Directory, limits: ApkLimits) -> Iterator[Entry]:
    if directory.entries > limits.entries:
        raise UnreadableError(f"It holds more than {limits.entries:,} entries.")
    at, end = directory.offset, directory.offset + directory.size
    for _ in range(directory.entries):
        if at + _CENTRAL.size > end:
            raise UnreadableError("Its directory ends in the middle of an entry.")
        (
            magic,
            _made,
            _needed,
            flags,
            method,
            _time,
            _date,
            crc,
            packed,
            size,
            name_length,
            extra,
            comment,
            _disk,
            _internal,
            _external,
            offset,
        ) = _CENTRAL.unpack_from(data, at)
        if magic != _CENTRAL_MAGIC:
            raise UnreadableError("Its directory is broken.")
        name_at = at + _CENTRAL.size
        raw = bytes(data[name_at : name_at + name_length])
        yield Entry(raw.decode("utf-8", "replace"), raw, method, flags, crc, packed, size, offset)
        at = name_at + name_length + extra + comment
