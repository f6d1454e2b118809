"""The building stone of signing blocks: values with their length before them, little-endian."""

from collections.abc import Iterator

from vedette_facts.limits import UnreadableError

_MOST: int = 1000


class Prefixed:
    """Reads numbers and length-prefixed values from the front. UnreadableError when there is too little."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = bytes(data)
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        """Take so many bytes."""
        end = self._at + size
        if size < 0 or end > len(self._data):
            raise UnreadableError("The signing block is cut off.")
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self, size: int = 4) -> int:
        """Take an unsigned number."""
        return int.from_bytes(self.take(size), "little")

    def value(self) -> bytes:
        """Take a value with its length in four bytes before it."""
        return self.take(self.number())

    def each(self) -> Iterator["Prefixed"]:
        """Take a list of length-prefixed values, itself with a length before it."""
        listed = Prefixed(self.value())
        for _ in range(_MOST):
            if not listed:
                return
            yield Prefixed(listed.value())
        raise UnreadableError(f"The signing block lists more than {_MOST} values.")

    def rest(self) -> bytes:
        """Take what is left."""
        return self.take(len(self._data) - self._at)
