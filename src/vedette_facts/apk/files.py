"""From a path to the applications in it: one file, or a bundle of parts (.apks, .xapk, .apkm)."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vedette_facts.apk.container import Container, Entry
from vedette_facts.apk.facts import ApkFacts
from vedette_facts.apk.limits import DEFAULT, ApkLimits
from vedette_facts.apk.read import MANIFEST, RESOURCES, RuleScanner, read_data
from vedette_facts.apk.signing.v4 import LARGEST as LARGEST_IDSIG
from vedette_facts.limits import Unread, UnreadableError

_ENDING: Final = ".apk"
_BUNDLES: Final = (".apks", ".xapk", ".apkm")
_DEX: Final = "classes.dex"
_MOST_PARTS: Final = 100


def is_application(path: Path, name: str = "") -> bool:
    """Whether a file is an application or a bundle of one, by its name or by what it holds."""
    if (name or path.name).lower().endswith((_ENDING, *_BUNDLES)):
        return True
    try:
        with mapped(path, DEFAULT) as data:
            entries = Container(data, DEFAULT).entries
    except UnreadableError:
        return False
    return MANIFEST in entries and (_DEX in entries or RESOURCES in entries)


def read_apk(path: Path, limits: ApkLimits = DEFAULT, scan: RuleScanner | None = None) -> ApkFacts:
    """Read a file of an Android application. UnreadableError when it is no archive that Android would open.

    What else cannot be read is named in `unread`. `scan`: rules to look at the file with. A v4 signature is read from
    the file beside it (`.idsig`), where there is one.
    """
    with mapped(path, limits) as data:
        return read_data(data, limits, scan, _idsig(path))


def read_applications(
    path: Path, limits: ApkLimits = DEFAULT, scan: RuleScanner | None = None
) -> tuple[tuple[ApkFacts, ...], tuple[Unread, ...]]:
    """Read an application or each part of a bundle, and name the parts that could not be read. UnreadableError.

    A part comes out of the bundle before it is read, so a bundle of bundles is not opened.
    """
    with mapped(path, limits) as data:
        container = Container(data, limits)
        parts = [entry for name, entry in container.entries.items() if name.lower().endswith(_ENDING)]
        if MANIFEST in container.entries or not parts:
            return (read_data(data, limits, scan, _idsig(path)),), ()
        found: list[ApkFacts] = []
        unread: list[Unread] = []
        for entry in parts[:_MOST_PARTS]:
            try:
                found.append(_part(container, entry, limits, scan))
            except UnreadableError as error:
                unread.append(Unread(entry.name[:255], str(error)))
        if len(parts) > _MOST_PARTS:
            unread.append(Unread(".", f"Only the first {_MOST_PARTS} parts were read."))
        if not found:
            raise UnreadableError(f"None of its {len(parts)} parts could be read: {unread[0].why}")
        return tuple(found), tuple(unread)


def _part(container: Container, entry: Entry, limits: ApkLimits, scan: RuleScanner | None) -> ApkFacts:
    content = container.read(entry, limits.entry)
    return read_data(memoryview(content), limits, scan)


@contextmanager
def mapped(path: Path, limits: ApkLimits) -> Iterator[memoryview]:
    """Give the bytes of a file without reading it whole. UnreadableError when it is empty, too large or not there."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if not size:
                raise UnreadableError("It is empty.")
            if size > limits.file:
                raise UnreadableError(f"It is larger than {limits.file:,} bytes.")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UnreadableError(f"It could not be read: {error.strerror}.") from None
    # the map lives as long as somebody holds a part of it: closing it by hand would fail while an error is told
    yield memoryview(mapped)


def _idsig(path: Path) -> bytes:
    beside = path.with_name(path.name + ".idsig")
    try:
        return beside.read_bytes() if beside.is_file() and beside.stat().st_size <= LARGEST_IDSIG else b""
    except OSError:
        return b""
