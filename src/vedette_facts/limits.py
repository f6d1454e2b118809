"""How much an acquisition may hold, and how what could not be read is told."""

from typing import Final

import msgspec

MAX_FILES: Final = 200_000
MAX_FILE_BYTES: Final = 256 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 1024 * 1024 * 1024
MAX_RATIO: Final = 200
"""Unpacked to packed: honest text packs to a twentieth, a decompression bomb to a thousandth."""
MAX_LISTED: Final = 200_000
"""How many traces of one kind are kept; the rest is named as not read."""


class Unread(msgspec.Struct, frozen=True):
    """A part that was not read. `path` inside the acquisition (`.` for the whole), `why` in a sentence."""

    path: str
    why: str


class UnreadableError(ValueError):
    """A part that cannot be read; the text is a sentence for the analyst."""
