"""What one file of an Android application says, whether or not it is installed anywhere."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from vedette_facts.fields import Line
from vedette_facts.limits import Unread
from vedette_facts.report import App

Scheme = Literal["v1", "v2", "v3", "v3.1", "v4"]


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """A signer's certificate: fingerprints in lower-case hex, names as RFC 4514 writes them."""

    sha256: str
    sha1: str
    subject: str
    issuer: str
    not_before: str
    not_after: str
    key: str
    """Kind and size, as `RSA 2048`."""


class SchemeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of one signature scheme said. `problems`: why Android would refuse it; empty: it verifies.

    `notes` tell what it does not protect and what is unusual. `min_sdk` and `max_sdk`: Android versions it speaks for.
    `lineage`: SHA-256 of the certificates that came before the signer's, oldest first (rotated keys).
    """

    scheme: Scheme
    signers: list[Certificate] = []
    problems: list[str] = []
    notes: list[str] = []
    min_sdk: int = 1
    max_sdk: int | None = None
    lineage: list[Certificate] = []

    @property
    def verifies(self) -> bool:
        """Whether it verifies."""
        return not self.problems


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What Android versions from `min_sdk` to `max_sdk` (None: and later) make of the signatures.

    `scheme`: the one they go by; None when they find none they know. `problems`: why they refuse to install it.
    """

    min_sdk: int
    max_sdk: int | None
    scheme: Scheme | None
    problems: list[str] = []


class Signatures(msgspec.Struct, frozen=True, kw_only=True):
    """All schemes found, and what each range of Android versions makes of them."""

    schemes: list[SchemeCheck] = []
    verdicts: list[Verdict] = []
    signers: list[Certificate] = []
    """Of the newest scheme that verifies, else of the newest that was found."""

    @property
    def verifies(self) -> bool:
        """Whether every Android version that the application is made for installs it."""
        return bool(self.verdicts) and not any(verdict.problems for verdict in self.verdicts)


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """A program inside: another application, or code outside the places where Android looks for it."""

    path: Line
    kind: Literal["apk", "dex", "elf"]
    size: int
    package: str = ""
    sha256: str = ""


class Opaque(msgspec.Struct, frozen=True, kw_only=True):
    """A file that looks encrypted: of no known kind, and as random as random bytes (bits a byte, at most 8)."""

    path: Line
    size: int
    entropy: float


class RuleMatch(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the organisation that holds for the file or for one entry of it (`path`; `.` for the file)."""

    rule: str
    namespace: str
    path: str
    meta: dict[str, str] = {}


class Oddity(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the container that honest tools do not make; `items` are the entries."""

    code: str
    items: list[str]


class ApkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of one file. `app` None: its manifest could not be read.

    `classes`: full names of the classes it defines (`org.example.Main`), `class_count` how many; what is kept or shown
    of a file holds only the number. `libraries`: paths of native code.
    `split`: name of the part, for one of several files that make an application together.
    """

    sha256: str
    sha1: str
    md5: str
    size: int
    app: App | None = None
    split: str = ""
    test_only: bool = False
    shared_user: Annotated[str, Meta(max_length=255)] = ""
    components: dict[str, int] = {}
    signatures: Signatures = Signatures()
    oddities: list[Oddity] = []
    embedded: list[Embedded] = []
    opaque: list[Opaque] = []
    libraries: list[str] = []
    dex: list[str] = []
    classes: list[str] = []
    class_count: int = 0
    rules: list[RuleMatch] = []
    unread: list[Unread] = []
