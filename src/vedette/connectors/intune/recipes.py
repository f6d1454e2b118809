"""Pure: the rules an administrator makes at Microsoft, ready to paste (microsoft.md 4.1).

The seed pages' "minimum level" is inverted at Microsoft: "block from Medium" means "at or under Low".
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

LEVELS: Final = ("secured", "low", "medium", "high")


@dataclass(frozen=True)
class Recipe:
    """One rule for the device filter of a conditional-access policy."""

    title: object
    rule: str
    note: object


def device_filters(attribute_number: int, minimum: str = "high") -> list[Recipe]:
    """The two kinds of filter: block by level (fail-open), or admit only known good states (fail-closed)."""
    attribute = f"device.extensionAttribute{attribute_number}"
    blocked, admitted = split_levels(minimum)
    return [
        Recipe(
            _("Block phones at risk"),
            f"{attribute} -in [{_quoted([*blocked, 'disconnected'])}]",
            _(
                "Fail-open: a phone without a value is let in. Choose Include filtered devices, and Block access."
            ),
        ),
        Recipe(
            _("Admit only phones known to be fine"),
            f"{attribute} -notIn [{_quoted(admitted)}]",
            _(
                "Fail-closed: a phone without a value is blocked, also unregistered ones. Limit it to Android and iOS "
                "and exclude Microsoft Intune Enrollment, or nobody can enroll."
            ),
        ),
    ]


def split_levels(minimum: str) -> tuple[list[str], list[str]]:
    """Return the states from MINIMUM up, and those below it that are let in."""
    place = LEVELS.index(minimum)
    return list(LEVELS[place:]), list(LEVELS[:place])


def _quoted(states: list[str]) -> str:
    return ", ".join(f'"mtd:{state}"' for state in states)
