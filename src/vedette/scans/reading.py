"""Reading an upload in a process of its own: the same readers as `vedette scan`, behind limits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from vedette.scans import sandbox
from vedette.scans.rule_engine import RuleSource, scanner
from vedette.scans.sandbox import Bounds
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.acquisition.read import read
from vedette_facts.apk import ApkFacts, ApkLimits, is_application, read_applications
from vedette_facts.limits import Unread, UnreadableError

_MIB: Final = 1024 * 1024
BOUNDS: Final = Bounds(seconds=300, cpu_seconds=300, memory=2048 * _MIB, answer=256 * _MIB)
"""A reader may hold one file of 256 MiB packed and unpacked, and what it made of it."""


class Upload(msgspec.Struct, frozen=True):
    """Where an upload lies, what its sender called it (which may tell what it is), and the password it needs.

    `rules`: the organisation's rules on files, for applications.
    """

    path: str
    name: str
    password: str = ""
    rules: tuple[RuleSource, ...] = ()


def acquisition(upload: Upload, bounds: Bounds = BOUNDS) -> Acquisition:
    """Read an upload in a child. Raises SandboxError; `refused` carries a sentence for the analyst."""
    return sandbox.run(read_upload, upload, bounds).answer


def read_upload(upload: Upload) -> Acquisition:
    """Read, in the child. Raises UnreadableError."""
    if is_application(Path(upload.path), upload.name):
        return _applications(upload)
    return read(Path(upload.path), name=upload.name, password=upload.password)


def _applications(upload: Upload) -> Acquisition:
    limits = ApkLimits()
    problems: tuple[Unread, ...] = ()
    scan = None
    try:
        scan = scanner(upload.rules, limits.rule_seconds)
    except UnreadableError as error:
        problems = (Unread(".", str(error)),)
    apks, unread = read_applications(Path(upload.path), limits, scan)
    return Acquisition("Android application", None, unread=(*problems, *unread, *_unread(apks)), apks=apks)


def _unread(apks: tuple[ApkFacts, ...]) -> Iterator[Unread]:
    for facts in apks:
        part = f"{facts.split}: " if facts.split else ""
        yield from (Unread(part + each.path, each.why) for each in facts.unread)
