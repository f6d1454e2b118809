"""What a detector answers: observations per rule, and the finding of a rule that failed."""

from dataclasses import dataclass
from typing import Literal

ANY = "*"
"""As a classification of an observation: whichever; at the end of a key: everything that begins so."""

AGENT = "agent"
INTUNE = "intune"
ACQUISITION = "acquisition"
"""Who said what a finding rests on: the app on the phone, Intune, or an analyst's scan of the phone."""

Status = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Evidence:
    """One fact behind a finding: its name and value, the rule that judged it, the feed that named it."""

    fact: str
    value: str
    rule: str
    source: str | None = None


@dataclass(frozen=True)
class Finding:
    """A threat as a detector sees it. (classification, key) identifies it on a device.

    `key`: the setting for the device itself (`root`, `lock`…); for an application see `app_key`. `mend` is
    set only where the classification's own words do not fit. `origin`: AGENT, INTUNE or ACQUISITION.
    """

    classification: str
    key: str
    summary: str
    evidence: tuple[Evidence, ...]
    detector: str
    family: str = ""
    source: str | None = None
    mend: str | None = None
    origin: str = AGENT


@dataclass(frozen=True)
class Observation:
    """Answer of one rule about one thing.

    `ok` is positive evidence of absence: it may resolve open threats of that classification and key (`ANY`
    for every classification; a key that ends in `*` for every key beginning so), except those named in
    `exempt`: things that are still there but could not be judged. `exempt` holds whole keys, or keys up to
    and with the `@`. `unknown` resolves nothing.
    """

    rule: str
    status: Status
    classification: str
    key: str | None = None
    finding: Finding | None = None
    detail: str = ""
    exempt: frozenset[str] = frozenset()

    def covers(self, classification: str, key: str) -> bool:
        """Whether this answer is about the threat (classification, key)."""
        if self.classification not in (classification, ANY):
            return False
        if self.key is None:
            return True
        if self.key.endswith(ANY):
            return key.startswith(self.key[:-1])
        return key == self.key

    def spares(self, key: str) -> bool:
        """Whether the thing behind `key` is still there but could not be judged."""
        name, at, _ = key.partition("@")
        return key in self.exempt or name + at in self.exempt


def app_key(package: str, digest: str = "") -> str:
    """Identify a threat in an application: by its name, where that is known to be bad.

    `digest`: fingerprint of the signer, or hash of the file, where only that is known to be bad. A threat
    known by name or signer stays the same one when the application is updated.
    """
    return f"app:{package}@{digest}" if digest else f"app:{package}"
