"""Reading an upload in a process of its own: the same readers as `vedette scan`, behind limits."""

from pathlib import Path
from typing import Final

import msgspec

from vedette.scans import sandbox
from vedette.scans.sandbox import Bounds
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.acquisition.read import read

_MIB: Final = 1024 * 1024
BOUNDS: Final = Bounds(seconds=300, cpu_seconds=300, memory=2048 * _MIB, answer=256 * _MIB)
"""A reader may hold one file of 256 MiB packed and unpacked, and what it made of it."""


class Upload(msgspec.Struct, frozen=True):
    """Where an upload lies, what its sender called it (which may tell what it is), and the password it needs."""

    path: str
    name: str
    password: str = ""


def acquisition(upload: Upload, bounds: Bounds = BOUNDS) -> Acquisition:
    """Read an upload in a child. Raises SandboxError; `refused` carries a sentence for the analyst."""
    return sandbox.run(read_upload, upload, bounds).answer


def read_upload(upload: Upload) -> Acquisition:
    """Read, in the child. Raises UnreadableError."""
    return read(Path(upload.path), name=upload.name, password=upload.password)
