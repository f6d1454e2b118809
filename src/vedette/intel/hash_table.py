"""A set of texts with a small number each, kept as sorted hashes: 12 bytes an entry, looked up by halving.

A million host names as Python texts in a dict cost some 150 MB; as hashes they cost about 13 MB.

Two texts could share a hash. 74 bits of BLAKE2b are compared: 10 choose the bucket and 64 stand in it. With a million
entries the chance that a text which is not listed matches is 10^6 / 2^74, about 5 in 10^17 for each look-up: at a
billion look-ups a day one false match in fifty thousand years. The hash is keyed with a secret of the process, so that
nobody can make a name that collides on purpose.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from secrets import token_bytes
from typing import Final

_KEYED: Final = blake2b(digest_size=10, key=token_bytes(32))
_BUCKETS: Final = 1024
_BUCKET: Final = _BUCKETS - 1


class HashTable:
    """Texts to numbers; the same text may stand several times. Fill with `add`, then `freeze` once."""

    __slots__ = ("_keys", "_numbers", "size")

    def __init__(self) -> None:
        self._keys: list[array[int]] = []
        self._numbers: list[array[int]] = []
        self.size = 0

    def add(self, text: str, number: int) -> None:
        """Enter a text with a number below 2^32."""
        if not self._keys:
            self._keys = [array("Q") for _ in range(_BUCKETS)]
            self._numbers = [array("I") for _ in range(_BUCKETS)]
        bucket, key = _hash(text)
        self._keys[bucket].append(key)
        self._numbers[bucket].append(number)
        self.size += 1

    def freeze(self) -> None:
        """Sort, bucket by bucket: what this needs beside the table itself is a thousandth of it."""
        for bucket, keys in enumerate(self._keys):
            pairs = sorted(zip(keys, self._numbers[bucket], strict=True))
            self._keys[bucket] = array("Q", [key for key, _ in pairs])
            self._numbers[bucket] = array("I", [number for _, number in pairs])

    def get(self, text: str) -> Sequence[int]:
        """Give the numbers of a text, lowest first."""
        if not self.size:
            return ()
        bucket, key = _hash(text)
        keys = self._keys[bucket]
        start = end = bisect_left(keys, key)
        while end < len(keys) and keys[end] == key:
            end += 1
        return self._numbers[bucket][start:end] if end > start else ()

    def distinct(self) -> Iterator[int]:
        """Give the lowest number of each distinct text."""
        for keys, numbers in zip(self._keys, self._numbers, strict=True):
            before = None
            for key, number in zip(keys, numbers, strict=True):
                if key != before:
                    yield number
                before = key


def _hash(text: str) -> tuple[int, int]:
    keyed = _KEYED.copy()
    keyed.update(text.encode("utf-8", "surrogatepass"))
    number = int.from_bytes(keyed.digest())
    return number & _BUCKET, number >> 16
