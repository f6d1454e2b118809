"""How much of an application is read. What is above is named as not read."""

from typing import Final

import msgspec

MIB: Final = 1024 * 1024


class ApkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one reading. Sizes are bytes, unpacked unless said otherwise."""

    file: int = 512 * MIB
    """Of the file itself."""
    entries: int = 100_000
    entry: int = 128 * MIB
    unpacked: int = 1024 * MIB
    """Of all entries together."""
    manifest: int = 8 * MIB
    resources: int = 64 * MIB
    classes: int = 200_000
    hosts: int = 500
    listed: int = 200
    """Entries of one list of oddities, embedded files, libraries or certificates."""
    rule_bytes: int = 128 * MIB
    """Of the file, or of an entry, that rules look at."""
    rule_seconds: int = 20
    """For all rules of the organisation together."""


DEFAULT: Final = ApkLimits()
