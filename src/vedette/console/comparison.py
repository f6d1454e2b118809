"""Pure: what Vedette expects of Microsoft beside what Microsoft reports, for one device (requirement E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from vedette.connectors.expected import Line, Outcome
from vedette.verdict.states import DeviceState, RequiredLevel, at_or_under


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


def compare(
    state: DeviceState,
    reported: Reported,
    attribute: Told | None,
    partner: Told | None,
    risk_group: Told | None = None,
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
    if risk_group and risk_group.value:
        # A policy that cannot be met is assigned to the group: it is the phone's membership that counts.
        refused = _should_be_refused(reported, risk_group, _in_risk_group())
        what, found = _("Compliance (isCompliant)"), _compliance_words(reported)
        return [*lines, Line(what, _("not compliant"), found, *refused)]
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
    return Line(what, _("not compliant"), found, *_should_be_refused(reported, partner, _by_level()))


def _should_be_refused(reported: Reported, told: Told, doubt: str) -> tuple[Outcome, str]:
    if reported.compliant is not True:
        return ("same" if reported.compliant is False else "open"), ""
    if _is_outdated(told, reported):
        return "outdated", _not_read_yet()
    return "differs", doubt


def _by_level() -> str:
    return _(
        "Is a compliance policy with a threat level assigned to this phone, and has it checked in with Intune since?"
    )


def _in_risk_group() -> str:
    return _(
        "Is a compliance policy that cannot be met assigned to the group of phones at risk, and has this phone checked "
        "in with Intune since?"
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
