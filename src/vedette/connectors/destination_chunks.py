"""Cutting what is to be sent into bodies that the other side takes."""

from collections.abc import Iterator, Sequence


def chunks(parts: Sequence[bytes], most: int, between: int = 0) -> Iterator[tuple[int, int]]:
    """Yield ranges (first, after last) of neighbours whose lengths, `between` bytes added to each, stay within `most`.

    A part that is larger than that stands alone.
    """
    first, size = 0, 0
    for index, part in enumerate(parts):
        length = len(part) + between
        if index > first and size + length > most:
            yield first, index
            first, size = index, 0
        size += length
    if first < len(parts):
        yield first, len(parts)
