"""Programs inside an application, and files in it that look encrypted."""

import hashlib
import math
from collections import Counter
from typing import Final

from vedette_facts.apk.binary_xml import elements
from vedette_facts.apk.container import Container, Entry
from vedette_facts.apk.dex import is_dex
from vedette_facts.apk.facts import Embedded, Opaque
from vedette_facts.apk.limits import ApkLimits
from vedette_facts.limits import UnreadableError

HEAD: Final = 32
_ELF: Final = b"\x7fELF"
_ZIP: Final = b"PK\x03\x04"
_MANIFEST: Final = "AndroidManifest.xml"
_SAMPLE: Final = 64 * 1024
_LEAST_OPAQUE: Final = 32 * 1024
_RANDOM: Final = 7.95
"""Bits a byte of a sample of 64 KiB: random bytes have 7.997, what deflate packs 7.99, code and pictures less."""
_KNOWN_KINDS: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*", b"PVR", b"DDS ", b"KTX", b"\xabKTX",
    b"\x13\xab\xa1\x5c", b"glTF", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC", b"FORM", b"MThd",
    b"\x1aE\xdf\xa3", b"\x1f\x8b", b"PK", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"(\xb5/\xfd", b"\x04\x22\x4d\x18",
    b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"wOFF", b"wOF2", b"OTTO", b"\x00\x01\x00\x00", b"true", b"ttcf",
    b"SQLite", b"%PDF", b"<?xml", b"{", b"[", b"UnityFS", b"TFL3", b"FWS", b"CWS",
    b"\xca\xfe\xba\xbe", b"\x03\x00\x08\x00",
)  # fmt: skip
"""Beginnings of kinds of files that are packed and so look random, and of those that are told by other means."""
_KNOWN_LATER: Final = ((4, b"ftyp"), (4, b"TFL3"), (8, b"WEBP"))
_PACKED_ENDINGS: Final = (
    ".mp3",
    ".aac",
    ".m4a",
    ".tflite",
    ".jar",
    ".bin.br",
    ".br",
    ".crx",
    ".lzma",
    ".zst",
    ".arsc",
)


def embedded(container: Container, entry: Entry, head: bytes, limits: ApkLimits) -> Embedded | None:
    """Tell what program an entry is, where Android does not look for one; None for anything else."""
    if is_dex(head) and not _is_own_dex(entry.name):
        return _found(container, entry, "dex", limits)
    if head.startswith(_ELF) and not entry.name.startswith("lib/"):
        return _found(container, entry, "elf", limits)
    return _found(container, entry, "apk", limits) if head.startswith(_ZIP) else None


def _is_own_dex(name: str) -> bool:
    return "/" not in name and name.startswith("classes") and name.endswith(".dex")


def _found(container: Container, entry: Entry, kind: str, limits: ApkLimits) -> Embedded | None:
    package, digest = "", ""
    try:
        content = container.read(entry, limits.entry)
    except UnreadableError:
        content = b""
    if content:
        digest = hashlib.sha256(content).hexdigest()
    if kind == "apk":
        inner = _archive(content, limits)
        if inner is None:
            return None
        kind = "apk" if _MANIFEST in inner.entries else "dex"
        package = _package(inner, limits)
    return Embedded(
        path=entry.name[:255],
        kind="apk" if kind == "apk" else "dex" if kind == "dex" else "elf",
        size=entry.size,
        package=package,
        sha256=digest,
    )


def _archive(content: bytes, limits: ApkLimits) -> Container | None:
    """Open an archive inside; None when it holds no program."""
    try:
        inner = Container(memoryview(content), limits)
    except UnreadableError:
        return None
    return inner if _MANIFEST in inner.entries or "classes.dex" in inner.entries else None


def _package(inner: Container, limits: ApkLimits) -> str:
    entry = inner.entries.get(_MANIFEST)
    try:
        content = inner.read(entry, limits.manifest) if entry else b""
        first = next(elements(content), None)
    except UnreadableError:
        return ""
    return first.text("package")[:255] if first else ""


def may_be_opaque(entry: Entry, head: bytes) -> bool:
    """Whether an entry is worth a look: large, where data lies, of no known kind."""
    if entry.size < _LEAST_OPAQUE or not entry.name.startswith(("assets/", "res/raw/")):
        return False
    if head.startswith(_KNOWN_KINDS) or entry.name.lower().endswith(_PACKED_ENDINGS):
        return False
    return not any(head[at : at + len(word)] == word for at, word in _KNOWN_LATER)


def opaque(container: Container, entry: Entry) -> Opaque | None:
    """Tell whether an entry looks encrypted: as random as random bytes are."""
    sample = container.head(entry, _SAMPLE)
    bits = entropy(sample)
    least = _RANDOM if len(sample) == _SAMPLE else _RANDOM - 0.03
    return Opaque(path=entry.name[:255], size=entry.size, entropy=round(bits, 3)) if bits >= least else None


def entropy(sample: bytes) -> float:
    """Shannon's entropy, in bits a byte."""
    if not sample:
        return 0.0
    size = len(sample)
    return -sum(count / size * math.log2(count / size) for count in Counter(sample).values())
