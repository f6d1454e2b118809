"""Risk levels and responses: how bad a threat is and what the phone does about it."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Risk(IntEnum):
    """Risk of a threat (lookout.md 1.4). Stored as a smallint: the order of the numbers is the order of risk.

    NONE and ADVISORY never change the state of a device; ADVISORY nudges the person who carries it.
    """

    NONE = 0
    ADVISORY = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4

    @property
    def counts(self) -> bool:
        """Whether a threat of this risk changes the state of a device."""
        return self >= Risk.LOW


class Response(StrEnum):
    """What happens on the phone when a threat is found (lookout.md 1.4, "Responses")."""

    ALERT = "alert"
    SILENT = "silent"
    BLOCK_AND_ALERT = "block_and_alert"
    WARN_AND_ALERT = "warn_and_alert"


def highest(risks: Iterable[Risk]) -> Risk:
    """Give the highest of some risks; NONE when there is none (requirements E2)."""
    return max(risks, default=Risk.NONE)
