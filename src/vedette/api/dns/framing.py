"""DNS over a stream: each message behind its length in two bytes (RFC 1035, 4.2.2)."""

from collections.abc import Iterator
from typing import Final

from vedette.api.dns.wire import MOST_BYTES

_PREFIX: Final = 2


class TooLongError(Exception):
    """The other side announces a message longer than it may send."""


class Frames:
    """Cuts a stream into messages of at most `most` bytes."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held = bytearray()

    def put(self, data: bytes) -> None:
        """Take what came."""
        self._held += data

    def take(self) -> bytes | None:
        """Give the next message that is complete, else None. Raises TooLongError."""
        held = self._held
        if len(held) < _PREFIX:
            return None
        end = _PREFIX + (held[0] << 8 | held[1])
        if end > self._most + _PREFIX:
            raise TooLongError
        if end > len(held):
            return None
        message = bytes(held[_PREFIX:end])
        del held[:end]
        return message

    def __iter__(self) -> Iterator[bytes]:
        """Give all messages that are complete. Raises TooLongError."""
        while (message := self.take()) is not None:
            yield message


def framed(message: bytes) -> bytes:
    """Put the length before a message."""
    return len(message).to_bytes(_PREFIX) + message
