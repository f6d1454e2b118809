"""The APK Signing Block, which stands between the entries and the central directory."""

from typing import Final, NamedTuple

from vedette_facts.apk.container import Directory
from vedette_facts.limits import UnreadableError

MAGIC: Final = b"APK Sig Block 42"
_FOOTER: Final = 8 + len(MAGIC)
_LARGEST: Final = 32 * 1024 * 1024
_MOST_PAIRS: Final = 1000
V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61


class SigningBlock(NamedTuple):
    """Where the block begins in the file, and its values by ID. Of one ID the first counts, as for Android."""

    at: int
    values: dict[int, bytes]


def find(data: memoryview, directory: Directory) -> SigningBlock | None:
    """Find the block; None when there is none. UnreadableError when there is one and it is broken."""
    end = directory.offset
    if end < _FOOTER + 8 or bytes(data[end - len(MAGIC) : end]) != MAGIC:
        return None
    size = int.from_bytes(data[end - _FOOTER : end - len(MAGIC)], "little")
    start = end - size - 8
    if start < 0 or size < _FOOTER or size > _LARGEST:
        raise UnreadableError("The signing block claims a size that cannot be.")
    if int.from_bytes(data[start : start + 8], "little") != size:
        raise UnreadableError("The two sizes of the signing block differ.")
    return SigningBlock(start, _pairs(data[start + 8 : end - _FOOTER]))


def _pairs(data: memoryview) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    at = 0
    for _ in range(_MOST_PAIRS):
        if at == len(data):
            return values
        size = int.from_bytes(data[at : at + 8], "little")
        if size < 4 or at + 8 + size > len(data):  # noqa: PLR2004 - the ID alone has four bytes
            raise UnreadableError("A value of the signing block is cut off.")
        number = int.from_bytes(data[at + 8 : at + 12], "little")
        values.setdefault(number, bytes(data[at + 12 : at + 8 + size]))
        at += 8 + size
    raise UnreadableError("The signing block holds too many values.")
