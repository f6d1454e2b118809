"""The security policy: how each classification is rated and what counts as up to date."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Response, Risk


@dataclass(frozen=True)
class Level:
    """Risk and response of one classification."""

    risk: Risk
    response: Response


DEFAULT_LEVELS: Mapping[str, Level] = MappingProxyType(
    {code: Level(c.default_risk, c.default_response) for code, c in CLASSIFICATIONS.items()}
)
DEFAULT_MINIMUM_OS: Mapping[str, str] = MappingProxyType({"ANDROID": "13", "IOS": "17.0"})


@dataclass(frozen=True)
class Policy:
    """Levels by classification code, the oldest system version by platform, the oldest Android patch level.

    A classification absent from `levels` keeps its default. No minimum means that the rule is off.
    `may_stay_unknown` names rules whose missing answer the organisation accepts (for example
    `apps.indicators` where personal phones send no application list); every other missing answer makes a
    device misconfigured.
    """

    levels: Mapping[str, Level] = field(default_factory=lambda: DEFAULT_LEVELS)
    minimum_os: Mapping[str, str] = field(default_factory=lambda: DEFAULT_MINIMUM_OS)
    minimum_patch: dt.date | None = None
    may_stay_unknown: frozenset[str] = frozenset()
    minimum_agent: str = ""

    def level(self, classification: str) -> Level:
        """Level of a classification; that of UNKNOWN for a code that is not one of the 49, never nothing."""
        found = self.levels.get(classification) or DEFAULT_LEVELS.get(classification)
        return found or self.levels.get("UNKNOWN") or DEFAULT_LEVELS["UNKNOWN"]

    def risk(self, classification: str) -> Risk:
        """Risk of a classification under this policy."""
        return self.level(classification).risk


DEFAULT_POLICY = Policy()
