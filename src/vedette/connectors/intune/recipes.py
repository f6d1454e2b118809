"""Pure: the rules an administrator makes at Microsoft, ready to paste (microsoft.md 4.1).

The seed pages' "minimum level" is inverted in Intune's words: "block from Medium" means "at or under Low"
(verdict.states.REQUIRED_FOR_MINIMUM); a device filter names the blocked or the admitted values themselves.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from vedette.verdict.states import ATTRIBUTE, DeviceState

MINIMUM: Final = "high"
_HEIGHT: Final = (DeviceState.SECURED, DeviceState.LOW, DeviceState.MEDIUM, DeviceState.HIGH)


@dataclass(frozen=True)
class Recipe:
    """One rule for the device filter of a conditional-access policy."""

    title: object
    rule: str
    note: object


def device_filters(attribute_number: int, minimum: str = MINIMUM) -> list[Recipe]:
    """The two kinds of filter: block by level (fail-open), or admit only known good states (fail-closed).

    `minimum` is the lowest level that is blocked: low, medium or high. Raises ValueError for another word.
    """
    attribute = f"device.extensionAttribute{attribute_number}"
    return [
        Recipe(
            _("Block phones at risk"),
            f"{attribute} -in [{_quoted(blocked_values(minimum))}]",
            _(
                "Fail-open: a phone without a value is let in. Choose Include filtered devices, and Block access."
            ),
        ),
        Recipe(
            _("Admit only phones known to be fine"),
            f"{attribute} -notIn [{_quoted(admitted_values(minimum))}]",
            _(
                "Fail-closed: a phone without a value is blocked, also unregistered ones. Limit it to Android and iOS "
                "and exclude Microsoft Intune Enrollment, or nobody can enroll."
            ),
        ),
    ]


def blocked_values(minimum: str) -> list[str]:
    """The values of the fail-open rule: the levels from `minimum` up, and phones that fell silent."""
    states = [*_HEIGHT[_place(minimum) :], DeviceState.DISCONNECTED]
    return [str(ATTRIBUTE[state]) for state in states]


def admitted_values(minimum: str) -> list[str]:
    """The values of the fail-closed rule: the levels below `minimum`."""
    return [str(ATTRIBUTE[state]) for state in _HEIGHT[: _place(minimum)]]


def _place(minimum: str) -> int:
    place = _HEIGHT.index(DeviceState(minimum))
    if not place:
        raise ValueError("secured is no level of risk: a rule blocks from low, medium or high up")
    return place


def _quoted(values: list[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)
