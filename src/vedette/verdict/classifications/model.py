"""What one threat classification is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vedette.verdict.risk import Response, Risk


class Family(StrEnum):
    """Kind of thing a threat was found in: `type` in the Mobile Risk API (lookout.md 1.5)."""

    APPLICATION = "APPLICATION"
    FILE = "FILE"
    OS = "OS"
    NETWORK = "NETWORK"
    CONFIGURATION = "CONFIGURATION"
    WEB_CONTENT = "WEB_CONTENT"


APP_OR_FILE = (Family.APPLICATION, Family.FILE)
ANDROID = frozenset({"ANDROID"})
IOS = frozenset({"IOS"})
BOTH = ANDROID | IOS


@dataclass(frozen=True)
class Text:
    """Plain words for one language: for the administrator (description) and for the person (mend)."""

    title: str
    description: str
    mend: str


@dataclass(frozen=True)
class Classification:
    """One of the 49 classifications of lookout.md 1.5 with its defaults and its words.

    `needs_it`: the person cannot mend it alone, Microsoft is told `compromised` (design.md 4).
    `alias`: its name in version 1 of the Mobile Risk API where that differs.
    """

    code: str
    types: tuple[Family, ...]
    platforms: frozenset[str]
    default_risk: Risk
    text: Mapping[str, Text]
    default_response: Response = Response.ALERT
    needs_it: bool = False
    alias: str | None = None

    @property
    def family(self) -> Family:
        """The kind it usually has: the first of `types`."""
        return self.types[0]

    def words(self, language: str) -> Text:
        """Give the text in `language` ("fr", "fr-ca"…); English where there is none."""
        return self.text.get(language.split("-", maxsplit=1)[0].lower(), self.text["en"])

    @property
    def title(self) -> str:
        """English title."""
        return self.text["en"].title

    @property
    def description(self) -> str:
        """English description."""
        return self.text["en"].description

    @property
    def mend(self) -> str:
        """English words on how to mend it."""
        return self.text["en"].mend
