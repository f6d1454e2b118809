"""One file of an application to facts: every entry is unpacked at most once, and only those that somebody asks for."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from vedette_facts.apk import dex, inside
from vedette_facts.apk.container import Container, Entry
from vedette_facts.apk.facts import ApkFacts, Embedded, Oddity, Opaque, RuleMatch, Signatures
from vedette_facts.apk.limits import DEFAULT, ApkLimits
from vedette_facts.apk.manifest import ManifestFacts, read_manifest
from vedette_facts.apk.resources import Resources
from vedette_facts.apk.signing.verify import SignatureCheck
from vedette_facts.limits import Unread, UnreadableError
from vedette_facts.manifest import Manifest
from vedette_facts.report import App

RuleScanner = Callable[[str, bytes | memoryview], list[RuleMatch]]
"""Looks at the file (path `.`) or at an entry that holds code, and gives the rules that hold; UnreadableError at the
end of its time."""

MANIFEST: Final = "AndroidManifest.xml"
RESOURCES: Final = "resources.arsc"
_HASHED_AT_ONCE: Final = 1024 * 1024
_MOST_CERTIFICATES: Final = 16


@dataclass
class _Reading:
    """What was found so far."""

    container: Container
    limits: ApkLimits
    scan: RuleScanner | None
    signatures: SignatureCheck
    classes: list[str] = field(default_factory=list)
    dex: list[str] = field(default_factory=list)
    hosts: dict[str, None] = field(default_factory=dict)
    embedded: list[Embedded] = field(default_factory=list)
    opaque: list[Opaque] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    rules: list[RuleMatch] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    samples: int = 0

    def miss(self, path: str, why: str) -> None:
        """Note what could not be read, as much as the limits allow."""
        if len(self.unread) < self.limits.listed:
            self.unread.append(Unread(path[:255], why))


def read_data(
    data: memoryview, limits: ApkLimits = DEFAULT, scan: RuleScanner | None = None, idsig: bytes = b""
) -> ApkFacts:
    """Read the bytes of a file. UnreadableError when they are no archive that Android would open.

    `scan`: rules to look at it with; `idsig`: its v4 signature.
    """
    container = Container(data, limits)
    manifest, unread = _manifest(container, limits)
    facts = manifest.manifest if manifest else Manifest()
    check = SignatureCheck(container, facts.min_sdk or 1, facts.target_sdk or 1, idsig)
    reading = _Reading(container, limits, scan, check, unread=unread, samples=limits.listed)
    hashes: list[str] = []
    # hashing and unpacking let go of the interpreter, so that two cores serve
    beside = threading.Thread(target=lambda: hashes.extend(_hashes(data)))
    beside.start()
    try:
        if scan:
            _scan(reading, ".", data)
        for entry in container.all_entries:
            _entry(reading, entry)
    finally:
        beside.join()
    return _facts(reading, hashes, manifest, check.done())


def _manifest(container: Container, limits: ApkLimits) -> tuple[ManifestFacts | None, list[Unread]]:
    unread: list[Unread] = []
    resources = None
    if entry := container.entries.get(RESOURCES):
        try:
            resources = Resources(container.read(entry, limits.resources))
        except UnreadableError as error:
            unread.append(Unread(RESOURCES, str(error)))
    entry = container.entries.get(MANIFEST)
    if entry is None:
        return None, [*unread, Unread(MANIFEST, "It is missing: Android installs no such file.")]
    try:
        return read_manifest(container.read(entry, limits.manifest), resources), unread
    except UnreadableError as error:
        return None, [*unread, Unread(MANIFEST, str(error))]


def _entry(reading: _Reading, entry: Entry) -> None:
    """Look at one entry: unpack it whole if it holds code, else only for its digest, else only its beginning."""
    container, name = reading.container, entry.name
    if name.endswith("/"):
        return
    jar = reading.signatures.jar
    wanted = jar.wanted(name) if jar else None
    digest = hashlib.new(wanted) if wanted else None
    head = container.head(entry, inside.HEAD)
    is_code = dex.is_dex(head) or head.startswith(b"\x7fELF")
    try:
        if is_code:
            content = container.read(entry, reading.limits.entry)
            if digest:
                digest.update(content)
            _code(reading, entry, content)
        elif digest:
            for piece in container.pieces(entry):
                digest.update(piece)
    except UnreadableError as error:
        reading.miss(name, str(error))
        digest = None
    if jar and digest:
        jar.saw(name, digest.digest())
    _inside(reading, entry, head)


def _code(reading: _Reading, entry: Entry, content: bytes) -> None:
    if reading.scan:
        _scan(reading, entry.name, content)
    if dex.is_dex(content):
        reading.dex.append(entry.name[:255])
        room = reading.limits.classes - len(reading.classes)
        reading.classes += dex.class_names(content, room)
        _hosts(reading, content)
    elif entry.name.startswith("lib/") and len(reading.libraries) < reading.limits.listed:
        reading.libraries.append(entry.name[:255])


def _hosts(reading: _Reading, content: bytes) -> None:
    for host in dex.hosts(content):
        if len(reading.hosts) >= reading.limits.hosts:
            return
        reading.hosts.setdefault(host)


def _inside(reading: _Reading, entry: Entry, head: bytes) -> None:
    limits = reading.limits
    if len(reading.embedded) < limits.listed and (
        found := inside.embedded(reading.container, entry, head, limits)
    ):
        reading.embedded.append(found)
    elif inside.may_be_opaque(entry, head) and reading.samples:
        reading.samples -= 1
        if dark := inside.opaque(reading.container, entry):
            reading.opaque.append(dark)


def _scan(reading: _Reading, path: str, content: bytes | memoryview) -> None:
    assert reading.scan is not None
    if len(content) > reading.limits.rule_bytes:
        reading.miss(path, "It is too large for the file rules, which have not seen it.")
        return  # what is in it is smaller
    try:
        reading.rules += reading.scan(path, content)
    except UnreadableError as error:
        reading.miss(path, str(error))
        reading.scan = None  # the time that all rules together may take is used up


def _hashes(data: memoryview) -> list[str]:
    hashes = [hashlib.new(name, usedforsecurity=False) for name in ("sha256", "sha1", "md5")]
    for at in range(0, len(data), _HASHED_AT_ONCE):
        for hasher in hashes:
            hasher.update(data[at : at + _HASHED_AT_ONCE])
    return [hasher.hexdigest() for hasher in hashes]


def _facts(
    reading: _Reading, hashes: list[str], manifest: ManifestFacts | None, signatures: Signatures
) -> ApkFacts:
    sha256, sha1, md5 = hashes
    return ApkFacts(
        sha256=sha256,
        sha1=sha1,
        md5=md5,
        size=len(reading.container.data),
        app=_app(reading, manifest, signatures, sha256),
        split=manifest.split if manifest else "",
        test_only=manifest.test_only if manifest else False,
        shared_user=manifest.shared_user if manifest else "",
        components=dict(manifest.components) if manifest else {},
        signatures=signatures,
        oddities=[Oddity(code=code, items=items) for code, items in reading.container.oddities.items()],
        embedded=reading.embedded,
        opaque=reading.opaque,
        libraries=reading.libraries,
        dex=reading.dex,
        classes=reading.classes,
        class_count=len(reading.classes),
        rules=reading.rules,
        unread=reading.unread,
    )


def _app(
    reading: _Reading, manifest: ManifestFacts | None, signatures: Signatures, sha256: str
) -> App | None:
    """Give the application in the form that a phone's inventory has it, so that the same detectors judge it."""
    if manifest is None or not manifest.package:
        return None
    certificates = [
        fingerprint for signer in signatures.signers for fingerprint in (signer.sha256, signer.sha1)
    ]
    return App(
        package=manifest.package,
        name=manifest.label,
        version=manifest.version,
        version_code=manifest.version_code,
        sha256=sha256,
        certificates=certificates[:_MOST_CERTIFICATES],
        manifest=msgspec.structs.replace(manifest.manifest, hosts=list(reading.hosts)),
    )
