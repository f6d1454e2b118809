"""Scheme v1: JAR signatures (JAR File Specification, "Signed JAR File"; Android's rules as `apksigner` has them).

The check has two parts, so that each entry of the file is unpacked only once: `wanted` says which digests an entry
must have, `saw` takes what they are, `done` tells the result.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from vedette_facts.apk.container import Container
from vedette_facts.apk.facts import SchemeCheck
from vedette_facts.apk.signing.certificates import describe
from vedette_facts.apk.signing.jar_manifest import Section, sections
from vedette_facts.apk.signing.pkcs7 import signer_of
from vedette_facts.limits import UnreadableError

MANIFEST: Final = "META-INF/MANIFEST.MF"
_FILE: Final = re.compile(r"META-INF/([^/]+)\.SF\Z", re.IGNORECASE)
_BLOCKS: Final = (".RSA", ".DSA", ".EC")
_UNSIGNED: Final = re.compile(
    r"META-INF/(?:MANIFEST\.MF|[^/]+\.(?:SF|RSA|DSA|EC)|SIG-[^/]*)\Z", re.IGNORECASE
)
_ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType(
    {"sha-512": "sha512", "sha-384": "sha384", "sha-256": "sha256", "sha1": "sha1", "sha-1": "sha1"}
)
"""Strongest first: of several digests Android takes the strongest it knows."""
_LARGEST: Final = 64 * 1024 * 1024
_MOST_SIGNERS: Final = 10
_MOST_NAMED: Final = 10
_APK_SIGNED: Final = "x-android-apk-signed"


class JarCheck:
    """The check of one file's v1 signatures."""

    def __init__(self, container: Container) -> None:
        """Verify signature files and the manifest; the entries come later."""
        self._problems: list[str] = []
        self._wrong: list[str] = []
        self._unsigned: list[str] = []
        self._wanted: dict[str, tuple[str, bytes]] = {}
        self._certificates: list[bytes] = []
        self._seen: set[str] = set()
        self._has_result = False
        self.newer: frozenset[int] = frozenset()
        """Newer schemes that were signed with: removing them would go unnoticed without this."""
        try:
            self._open(container)
        except UnreadableError as error:
            self._problems.append(str(error))

    def _open(self, container: Container) -> None:
        files = [name for name in container.entries if _FILE.match(name)]
        if not files:
            raise UnreadableError("It has no v1 signature.")
        if len(files) > _MOST_SIGNERS:
            raise UnreadableError(f"It has more than {_MOST_SIGNERS} signature files.")
        if MANIFEST not in container.entries:
            raise UnreadableError(f"{MANIFEST} is missing.")
        manifest = container.read(container.entries[MANIFEST], _LARGEST)
        listed = sections(manifest)
        by_name = {section.name: section for section in listed[1:] if section.name}
        if len(by_name) != len([section for section in listed[1:] if section.name]):
            raise UnreadableError(f"{MANIFEST} names an entry twice.")
        vouched = [self._signer(container, name, manifest, listed, by_name) for name in files]
        # an entry counts as signed only where all signers vouch for it
        common = set.intersection(*vouched)
        self._wanted = {name: _digest(section) for name, section in by_name.items() if name in common}
        self._check_listed(container, by_name)
        self._has_result = True

    def _signer(
        self,
        container: Container,
        name: str,
        manifest: bytes,
        listed: Sequence[Section],
        by_name: Mapping[str, Section],
    ) -> set[str]:
        """Verify one signature file; give the entries that it vouches for."""
        content = container.read(container.entries[name], _LARGEST)
        stem = name[: -len(".SF")]
        block = next((entry for entry in map(container.entries.get, _blocks(stem)) if entry), None)
        if block is None:
            raise UnreadableError(f"{name} has no signature block beside it.")
        self._certificates.append(signer_of(container.read(block, _LARGEST), content))
        own = sections(content)
        if not own or "signature-version" not in own[0].values:
            raise UnreadableError(f"{name} is no signature file.")
        self.newer |= _numbers(own[0].values.get(_APK_SIGNED, ""))
        if _is_digest_of(own[0], "-digest-manifest", manifest):
            return set(by_name)
        if not _is_digest_of(own[0], "-digest-manifest-main-attributes", listed[0].raw, default=True):
            raise UnreadableError(f"{name} was made for another {MANIFEST}.")
        vouched = set()
        for section in own[1:]:
            about = by_name.get(section.name)
            if about is None or not _is_digest_of(section, "-digest", about.raw):
                raise UnreadableError(
                    f"{name} was made for another {MANIFEST}: {section.name[:100]} differs."
                )
            vouched.add(section.name)
        return vouched

    def _check_listed(self, container: Container, by_name: Mapping[str, Section]) -> None:
        missing = [name for name in by_name if name not in container.entries and not name.endswith("/")]
        if missing:
            self._problems.append(f"Entries that were signed are missing: {_named(missing)}.")

    def wanted(self, name: str) -> str | None:
        """Say which digest an entry must be taken of; None where nobody asks."""
        if name.endswith("/") or _UNSIGNED.match(name):
            return None
        known = self._wanted.get(name)
        if known is None:
            (self._unsigned if name.startswith("META-INF/") else self._wrong).append(name)
            return None
        return known[0]

    def saw(self, name: str, digest: bytes) -> None:
        """Take the digest of an entry."""
        self._seen.add(name)
        if not hmac.compare_digest(self._wanted[name][1], digest):
            self._wrong.append(name)

    def done(self) -> SchemeCheck:
        """Tell the result."""
        notes = []
        if self._has_result:
            # signers that vouch for different entries vouch together for none: then all are wrong
            if self._wrong:
                self._problems.append(f"Entries were added or changed after signing: {_named(self._wrong)}.")
            unread = [name for name in self._wanted if name not in self._seen and name not in self._wrong]
            unread = [name for name in unread if not name.endswith("/") and not _UNSIGNED.match(name)]
            if unread and not self._problems:
                self._problems.append(f"Signed entries could not be unpacked: {_named(unread)}.")
        if self._unsigned:
            notes.append(f"Not protected by the v1 signature: {_named(self._unsigned)}.")
        signers = [describe(certificate) for certificate in self._certificates]
        return SchemeCheck(scheme="v1", signers=signers, problems=self._problems, notes=notes)


def is_signed(container: Container) -> bool:
    """Whether there is a v1 signature at all."""
    return any(_FILE.match(name) for name in container.entries)


def _blocks(stem: str) -> list[str]:
    return [stem + end for kind in _BLOCKS for end in (kind, kind.lower())]


def _numbers(text: str) -> frozenset[int]:
    parts = (part.strip() for part in text.split(","))
    return frozenset(int(part) for part in parts if part in ("2", "3"))


def _digest(section: Section) -> tuple[str, bytes]:
    for name, algorithm in _ALGORITHMS.items():
        encoded = section.values.get(name + "-digest")
        if encoded:
            return algorithm, _decoded(encoded)
    raise UnreadableError(f"{MANIFEST} has no digest of {section.name[:100]} that Android knows.")


def _is_digest_of(section: Section, ending: str, content: bytes, *, default: bool = False) -> bool:
    """Whether a section's strongest digest is that of the content; `default` where it gives none."""
    for name, algorithm in _ALGORITHMS.items():
        encoded = section.values.get(name + ending)
        if encoded:
            return hmac.compare_digest(_decoded(encoded), hashlib.new(algorithm, content).digest())
    return default


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded)
    except ValueError:
        return b""


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(name[:100] for name in names[:_MOST_NAMED]) + rest
