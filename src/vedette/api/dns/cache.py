"""Answers of one upstream, kept in memory for as long as they say; the only place where a clean name stays at all."""

import time
from collections import OrderedDict
from typing import Final

from vedette.api.dns.wire import Answer, Query

MOST_ANSWERS: Final = 10_000
MOST_BYTES: Final = 4096
MOST_SECONDS: Final = 3600

Key = tuple[bytes, bool, bool, int]


class Cache:
    """A bounded number of answers; who was not asked for the longest goes first. Nothing is written anywhere."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._most = most
        self._kept: OrderedDict[Key, tuple[float, Answer]] = OrderedDict()

    def get(self, query: Query, now: float | None = None) -> tuple[Answer, int] | None:
        """Return an answer that is still good and its age in seconds."""
        kept = self._kept.get(query.key)
        if kept is None:
            return None
        age = int((time.monotonic() if now is None else now) - kept[0])
        if age >= min(kept[1].seconds, MOST_SECONDS):
            del self._kept[query.key]
            return None
        self._kept.move_to_end(query.key)
        return kept[1], age

    def put(self, query: Query, answer: Answer, now: float | None = None) -> None:
        """Keep an answer if it may be kept."""
        if answer.seconds <= 0 or len(answer.message) > MOST_BYTES:
            return
        self._kept[query.key] = (time.monotonic() if now is None else now), answer
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)
