"""Reading an upload in a process of its own: the same readers as `vedette scan`, behind limits."""

from typing import Final

from vedette.scans import sandbox
from vedette.scans.child import Upload, read_upload
from vedette.scans.sandbox import Bounds, Ran
from vedette_facts.acquisition.found import Acquisition

_MIB: Final = 1024 * 1024
BOUNDS: Final = Bounds(seconds=300, cpu_seconds=300, memory=2048 * _MIB, answer=256 * _MIB)
"""A reader may hold one file of 256 MiB packed and unpacked, and what it made of it."""


def acquisition(upload: Upload, bounds: Bounds = BOUNDS) -> Acquisition:
    """Read an upload in a child. Raises SandboxError; `refused` carries a sentence for the analyst."""
    return measured(upload, bounds).answer


def measured(upload: Upload, bounds: Bounds = BOUNDS) -> Ran[Acquisition]:
    """Read an upload in a child, and tell what that took. Raises SandboxError."""
    return sandbox.run(read_upload, upload, bounds)


__all__ = ["BOUNDS", "Upload", "acquisition", "measured"]
