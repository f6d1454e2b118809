"""Reports that wait for the service: in order, numbered, with their original time, bounded.

A report is queued before it is sent (write-ahead) and removed when the service accepted it, so a crash at any
moment loses none; at worst one is sent twice, which its sequence number makes harmless.
"""

import contextlib
import datetime as dt
import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import msgspec

MAX_ENTRIES = 500
_KEPT_ASIDE = 20


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One report: its number, when it was observed, and the digest of its facts (stored once per digest).

    `whole`: the service asked for the facts (409 facts_needed), so "unchanged" is no answer for this one.
    """

    key_id: str
    sequence: int
    observed_at: dt.datetime
    digest: str
    whole: bool = False


class Queue(Protocol):
    """Where entries wait; FileQueue and MemoryQueue behave alike."""

    def add(self, entry: Entry, facts: bytes) -> None: ...  # noqa: D102 - the class says it
    def entries(self) -> list[Entry]: ...  # noqa: D102 - the class says it
    def facts(self, digest: str) -> bytes: ...  # noqa: D102 - the class says it
    def remove(self, entry: Entry) -> None: ...  # noqa: D102 - the class says it
    def set_aside(self, entry: Entry) -> None: ...  # noqa: D102 - the class says it


def surplus(entries: Sequence[Entry], limit: int = MAX_ENTRIES) -> list[Entry]:
    """Entries to drop so that `limit` are left: first the oldest that say nothing new, then the oldest.

    An entry says nothing new when its facts equal those of the entry before it. The newest is never dropped.
    """
    excess = len(entries) - max(limit, 1)
    if excess <= 0:
        return []
    said_before = [entry for before, entry in pairwise(entries[:-1]) if entry.digest == before.digest]
    dropped = said_before[:excess]
    numbers = {entry.sequence for entry in dropped}
    rest = [entry for entry in entries[:-1] if entry.sequence not in numbers]
    return dropped + rest[: excess - len(dropped)]


class MemoryQueue:
    """For simulated phones and tests: lives as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._facts: dict[str, bytes] = {}

    def add(self, entry: Entry, facts: bytes) -> None:
        """Queue a report, or put one in the place of its number."""
        self._facts[entry.digest] = facts
        self._entries[entry.sequence] = entry

    def entries(self) -> list[Entry]:
        """Give what waits, in the order of the numbers."""
        return [self._entries[number] for number in sorted(self._entries)]

    def facts(self, digest: str) -> bytes:
        """Give canonical JSON of the facts with this digest; KeyError."""
        return self._facts[digest]

    def remove(self, entry: Entry) -> None:
        """Forget a report, and its facts when no other report refers to them."""
        self._entries.pop(entry.sequence, None)
        if all(other.digest != entry.digest for other in self._entries.values()):
            self._facts.pop(entry.digest, None)

    def set_aside(self, entry: Entry) -> None:
        """Take a report out that the service will never accept; in memory there is no place to keep it."""
        self.remove(entry)


class FileQueue:
    """One file per report and one per distinct facts, each written whole, synced and renamed into place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside = folder / "refused"
        self._facts_folder = folder / "facts"

    def add(self, entry: Entry, facts: bytes) -> None:
        """Queue a report durably, or put one in the place of its number; OSError."""
        path = self._facts_path(entry.digest)
        if not path.exists():
            write_durably(path, facts)
        write_durably(self._path(entry), msgspec.json.encode(entry))

    def entries(self) -> list[Entry]:
        """Give what waits, in the order of the numbers; a damaged file is set aside, not fatal."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                entry = msgspec.json.decode(path.read_bytes(), type=Entry)
                if not self._facts_path(entry.digest).is_file():
                    raise msgspec.ValidationError("the facts of this report are gone")
            except msgspec.MsgspecError:
                self._keep(path)
                continue
            found.append(entry)
        return found

    def facts(self, digest: str) -> bytes:
        """Give canonical JSON of the facts with this digest; OSError."""
        return self._facts_path(digest).read_bytes()

    def remove(self, entry: Entry) -> None:
        """Forget a report, and its facts when no other report refers to them."""
        self._path(entry).unlink(missing_ok=True)
        self._sweep()

    def set_aside(self, entry: Entry) -> None:
        """Move a report that the service will never accept into `refused/`, with its facts, for a person."""
        self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(self._aside / f"{entry.sequence:016d}.facts.json", self.facts(entry.digest))
        self._keep(self._path(entry))
        self._sweep()

    def _path(self, entry: Entry) -> Path:
        # the digest stands in the name so that the sweep below reads a listing, not every file
        return self._folder / f"{entry.sequence:016d}-{entry.digest}.json"

    def _facts_path(self, digest: str) -> Path:
        return self._facts_folder / f"{digest}.json"

    def _keep(self, path: Path) -> None:
        self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.replace(self._aside / path.name)
        for old in sorted(self._aside.iterdir())[:-_KEPT_ASIDE]:
            old.unlink(missing_ok=True)

    def _sweep(self) -> None:
        used = {path.stem.partition("-")[2] for path in self._folder.glob("*.json")}
        for path in self._facts_folder.glob("*.json"):
            if path.stem not in used:
                path.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes) -> None:
    """Write a private (0600) file: after a crash the old or the new content is there, never half; OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.partial")
    with contextlib.suppress(FileNotFoundError):
        partial.unlink()
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def renumbered(entries: Iterable[Entry], first: int) -> list[Entry]:
    """Give the same reports in the same order with numbers from `first` on."""
    return [msgspec.structs.replace(entry, sequence=first + step) for step, entry in enumerate(entries)]
