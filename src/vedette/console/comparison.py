"""Pure: what Vedette expects of Microsoft beside what Microsoft reports, for one device (requirement E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from vedette.verdict.states import DeviceState, RequiredLevel, at_or_under

Outcome = Literal["same", "differs", "outdated", "open"]


@dataclass(frozen=True)
class Told:
    """What was last told on one route; `value` is empty for a value withdrawn, `arrived_at` None before it did."""

    value: str
    place: str
    arrived_at: datetime | None


@dataclass(frozen=True)
class Reported:
    """What Entra and Intune said at the last poll, and when that was read."""

    compliant: bool | None
    compliance_state: str
    health: str
    attributes: Mapping[str, str | None]
    read_at: datetime


@dataclass(frozen=True)
class Line:
    """One thing compared; `outdated` was read before it was told, `open` rests with rules Vedette cannot see."""

    what: str
    expected: str
    reported: str
    outcome: Outcome
    note: str = ""


def compare(
    state: DeviceState, reported: Reported, attribute: Told | None, partner: Told | None
) -> list[Line]:
    """Compare one device; a route that is not used (None) is not compared."""
    lines = []
    if attribute and attribute.place:
        found = reported.attributes.get(attribute.place) or ""
        note = _("Changed by another hand. The next poll repairs it, unless the value is somebody else's.")
        lines.append(_line(attribute.place, attribute, found, reported, note))
    if partner:
        found = "" if reported.health == "unknown" else reported.health
        note = _("Intune has not taken over what it was told.")
        lines.append(_line(_("Threat level at Intune"), partner, found, reported, note))
    return [*lines, _compliance(state, reported, partner)]


def differs(lines: Sequence[Line]) -> bool:
    """Tell whether anything is not as expected."""
    return any(line.outcome == "differs" for line in lines)


def _line(what: str, told: Told, found: str, reported: Reported, note: str) -> Line:
    nothing = _("no value")
    expected = "" if told.value == "unknown" else told.value
    shown = (told.value or nothing, found or nothing)
    if expected == found:
        return Line(what, *shown, "same")
    if _is_outdated(told, reported):
        return Line(what, *shown, "outdated", _not_read_yet())
    return Line(what, *shown, "differs", note)


def _compliance(state: DeviceState, reported: Reported, partner: Told | None) -> Line:
    """Compare compliance: only the partner's way lets Intune see the level; a device filter does not use it."""
    what, found = _("Compliance (isCompliant)"), _compliance_words(reported)
    if state is DeviceState.SECURED:
        note = _("Intune has a reason of its own: see the device in Intune.")
        outcomes: dict[bool | None, Outcome] = {True: "same", False: "differs", None: "open"}
        outcome = outcomes[reported.compliant]
        return Line(what, _("compliant"), found, outcome, note if outcome == "differs" else "")
    if partner is None or not partner.value:
        note = _("A device filter blocks by the attribute; it leaves compliance as Intune sees it.")
        return Line(what, _("not touched"), found, "open", note)
    if state in _BY_CHOICE or at_or_under(RequiredLevel.MEDIUM, state):
        note = _("Depends on the level that your compliance policy asks for.")
        return Line(what, _("by your policy"), found, "open", note)
    return Line(what, _("not compliant"), found, *_should_be_refused(reported, partner))


def _should_be_refused(reported: Reported, partner: Told) -> tuple[Outcome, str]:
    if reported.compliant is not True:
        return ("same" if reported.compliant is False else "open"), ""
    if _is_outdated(partner, reported):
        return "outdated", _not_read_yet()
    return "differs", _(
        "Is a compliance policy with a threat level assigned to this phone, and has it checked in with Intune since?"
    )


def _compliance_words(reported: Reported) -> str:
    words = {True: _("compliant"), False: _("not compliant"), None: _("unknown")}[reported.compliant]
    if reported.compliance_state in {"", "compliant"}:
        return words
    return f"{words} (Intune: {reported.compliance_state})"


_BY_CHOICE = frozenset({DeviceState.PENDING, DeviceState.MISCONFIGURED, DeviceState.DEACTIVATED})


def _is_outdated(told: Told, reported: Reported) -> bool:
    return told.arrived_at is None or reported.read_at <= told.arrived_at


def _not_read_yet() -> str:
    return _("Read before it was told; the next poll compares anew.")
