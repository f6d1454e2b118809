"""Digests over all of the file but its signing block: in chunks of 1 MiB, or as a Merkle tree for fs-verity."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from vedette_facts.apk.container import Directory
from vedette_facts.apk.signing.algorithms import Content

_CHUNK: Final = 1024 * 1024
_PAGE: Final = 4096
_NO_SALT: Final = bytes(8)
_OFFSET_IN_END: Final = 16


class ContentDigests:
    """The digests of one file, each computed once."""

    def __init__(self, data: memoryview, directory: Directory, block_at: int) -> None:
        """`block_at`: where the signing block begins; what stands before it are the entries."""
        end = bytearray(data[directory.end :])
        # the end record is digested as if there were no signing block (scheme v2, "integrity-protected contents")
        end[_OFFSET_IN_END : _OFFSET_IN_END + 4] = block_at.to_bytes(4, "little")
        self._sections = (data[:block_at], data[directory.offset : directory.end], memoryview(end))
        self._known: dict[Content, bytes] = {}

    def get(self, kind: Content) -> bytes:
        """Give a digest."""
        if kind not in self._known:
            self._known[kind] = self._verity() if kind == "verity" else self._chunked(kind)
        return self._known[kind]

    def _chunked(self, name: str) -> bytes:
        digests = []
        for section in self._sections:
            for at in range(0, len(section), _CHUNK):
                chunk = section[at : at + _CHUNK]
                hasher = hashlib.new(name, b"\xa5" + len(chunk).to_bytes(4, "little"))
                hasher.update(chunk)
                digests.append(hasher.digest())
        whole = hashlib.new(name, b"\x5a" + len(digests).to_bytes(4, "little"))
        whole.update(b"".join(digests))
        return whole.digest()

    def _verity(self) -> bytes:
        size = sum(map(len, self._sections))
        return merkle_root(_pages(self._sections), _NO_SALT) + size.to_bytes(8, "little")


def merkle_root(pages: Iterator[bytes | memoryview], salt: bytes) -> bytes:
    """Compute the root of an fs-verity tree of SHA-256 over pages of 4,096 bytes (the last one filled with zeros)."""
    level = b"".join(_page_digest(page, salt) for page in pages)
    while len(level) > _PAGE:
        level = b"".join(_page_digest(page, salt) for page in _pages([memoryview(level)]))
    return _page_digest(level, salt)


def pages_of(data: memoryview) -> Iterator[bytes | memoryview]:
    """Cut into pages."""
    return _pages([data])


def _page_digest(page: bytes | memoryview, salt: bytes) -> bytes:
    hasher = hashlib.sha256(salt)
    hasher.update(page)
    if len(page) < _PAGE:
        hasher.update(bytes(_PAGE - len(page)))
    return hasher.digest()


def _pages(sections: Sequence[memoryview]) -> Iterator[bytes | memoryview]:
    """Cut sections that follow each other into pages; a page may begin in one and end in another."""
    begun = b""
    for section in sections:
        at = 0
        if begun:
            at = _PAGE - len(begun)
            begun += bytes(section[:at])
            if len(begun) < _PAGE:
                continue
            yield begun
            begun = b""
        whole = at + (len(section) - at) // _PAGE * _PAGE
        for start in range(at, whole, _PAGE):
            yield section[start : start + _PAGE]
        begun = bytes(section[whole:])
    if begun:
        yield begun
