"""OSV's ecosystem `Android`: one JSON entry, a list or lines of them, or the zip archive of all (detection.md 1.5)."""

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from vedette.intel.os_table import AndroidFix, OsTable
from vedette.intel.os_versions import android_release
from vedette.intel.tally import Document, ImportFailedError, Tally

MOST_ENTRIES: Final = 100_000
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError)
"""What `zipfile` raises at a bad archive: RuntimeError for an encrypted entry and, as a kind of it, for a packing
method that it does not know (CPython, Lib/zipfile); the others for broken bytes."""
LARGEST_ENTRY: Final = 2 * 1024 * 1024
LARGEST_UNPACKED: Final = 512 * 1024 * 1024


class _Package(msgspec.Struct):
    name: str = ""
    ecosystem: str = ""


class _Range(msgspec.Struct):
    events: list[dict[str, str]] = []


class _Affected(msgspec.Struct):
    package: _Package = msgspec.field(default_factory=_Package)
    ranges: list[_Range] = []
    ecosystem_specific: dict[str, Any] = {}


class _Entry(msgspec.Struct):
    id: str
    aliases: list[str] = []
    related: list[str] = []
    withdrawn: str | None = None
    affected: list[_Affected] = []


_ENTRY: Final = msgspec.json.Decoder(_Entry)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def read_osv(content: bytes) -> Document:
    """Read entries into a table of fixes. Raises ImportFailedError.

    Only bulletins of Android itself (`ASB-A-*`) say which Android versions are concerned; Pixel's (`PUB-A-*`)
    and ranges of kernels and chips, which a phone's version does not tell, are left out and counted.
    """
    tally = Tally("osv-android")
    fixes: dict[AndroidFix, None] = {}
    for raw in _entries(content, tally):
        try:
            entry = _ENTRY.decode(raw)
        except (msgspec.MsgspecError, UnicodeError) as error:
            tally.puzzle("entry", bytes(raw)[:200].decode(errors="replace"), str(error))
            continue
        if not entry.id.startswith("ASB-A-"):
            tally.skip("entry", f"{entry.id.partition('-A-')[0]}: not a bulletin of Android itself")
        elif entry.withdrawn:
            tally.skip("entry", "withdrawn")
        else:
            fixes.update(dict.fromkeys(_fixes(entry, tally)))
    tally.count("fix", len(fixes))
    return tally.finish(OsTable(android=list(fixes)) if fixes else None)


def _entries(content: bytes, tally: Tally) -> Iterator[bytes | msgspec.Raw]:
    if content[:4] == b"PK\x03\x04":
        yield from _unpacked(content, tally)
        return
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"["):
        try:
            yield from _RAWS.decode(text)
        except msgspec.MsgspecError as error:
            raise ImportFailedError(f"This is not a list in JSON: {error}") from None
    elif b"\n{" in text and text.split(b"\n", 1)[0].rstrip().endswith(b"}"):
        yield from filter(None, text.splitlines())
    else:
        yield text


def _unpacked(content: bytes, tally: Tally) -> Iterator[bytes]:
    left = LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MOST_ENTRIES:
                raise ImportFailedError(f"The archive holds more than {MOST_ENTRIES:,} entries.")
            for member in members:
                if not member.filename.endswith(".json"):
                    continue
                with archive.open(member) as file:
                    text = file.read(LARGEST_ENTRY + 1)
                left -= len(text)
                if left < 0:
                    raise ImportFailedError(f"The archive unpacks to more than {LARGEST_UNPACKED:,} bytes.")
                if len(text) > LARGEST_ENTRY:
                    tally.puzzle("entry", member.filename, f"larger than {LARGEST_ENTRY:,} bytes")
                else:
                    yield text
    except _BROKEN as error:
        raise ImportFailedError(f"The archive cannot be unpacked: {error}") from None


def _fixes(entry: _Entry, tally: Tally) -> Iterator[AndroidFix]:
    cves = [alias for alias in (*entry.aliases, *entry.related) if alias.startswith("CVE-")]
    if not cves:
        tally.puzzle("entry", entry.id, "it names no CVE")
    for affected in entry.affected:
        if affected.package.ecosystem not in ("", "Android"):
            tally.skip("range", f"ecosystem {affected.package.ecosystem}")
            continue
        severity = str(affected.ecosystem_specific.get("severity") or "")
        for span in affected.ranges:
            for event in span.events:
                if "fixed" in event:
                    yield from _fix(event["fixed"], cves, severity, affected.package.name, tally)


def _fix(fixed: str, cves: list[str], severity: str, component: str, tally: Tally) -> Iterator[AndroidFix]:
    version, colon, level = fixed.partition(":")
    if not colon or not version or not version[0].isdigit():
        tally.skip("range", "of a kernel or a chip" if colon else "without a version")
        return
    release = android_release(version)
    try:
        patch_level = dt.date.fromisoformat(level)
    except ValueError:
        release = None
        patch_level = dt.date.min
    if release is None:
        tally.puzzle("range", fixed, "neither a version of Android nor a patch level")
        return
    for cve in cves:
        yield AndroidFix(cve, release, patch_level, severity, component)
