"""Why a device has its state, in words: evidence, rule, time and delivery (design.md 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from vedette.compliance.models import StateChange
from vedette.console.words import text_of
from vedette.devices.models import Device
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.web.badges import RISKS, STATES


@dataclass(frozen=True)
class Explanation:
    """A headline and the reasons under it; ``tone`` is one of the page kit."""

    headline: str
    tone: str
    reasons: list[str] = field(default_factory=list)


TONES = {"secured": "success", "pending": "info", "deactivated": "neutral", "disconnected": "neutral"}


def explain_state(device: Device) -> Explanation:
    """Say why the device is in its state."""
    row = getattr(device, "state_row", None)
    state = row.state if row else "pending"
    reasons = [reason_text(reason) for reason in (row.reasons if row else [])]
    badge = STATES[state]
    tone = TONES.get(state, "danger" if state == "high" else "warning")
    if not reasons and state == "secured":
        reasons = [_("Its last report was complete, and nothing in it counts as a risk.")]
    return Explanation(_("Why this device is: %(state)s") % {"state": badge.label}, tone, reasons)


def reason_text(reason: dict[str, Any]) -> str:
    """One reason of a decision, as a sentence."""
    code, subject = reason.get("code", ""), str(reason.get("subject", ""))
    if code == "threat" and subject in CLASSIFICATIONS:
        words: Any = text_of(subject)
        level = RISKS[int(reason.get("risk", 0))].label
        return _("%(title)s, rated %(level)s by your security policy.") % {
            "title": words.title,
            "level": level,
        }
    sentences = {
        "not_activated": _("The app has not been opened and activated on the phone yet."),
        "no_report": _("The app is activated, but its first report has not been judged yet."),
        "disconnected": _("The phone has not reported for longer than your setting allows."),
        "deactivated": _("The device left the enrollment groups, or was deactivated."),
        "detector_failed": _(
            "A check could not be carried out (%(subject)s), so the phone does not count as clean."
        ),
        "unanswered": _("The phone does not tell something that the policy asks for (%(subject)s)."),
    }
    return str(sentences.get(code, code)) % {"subject": subject}


def history_of(changes: Iterable[StateChange]) -> list[dict[str, Any]]:
    """Entries for the timeline, newest first."""
    causes = {
        "report": _("a report of the phone"),
        "policy": _("a change of the security policy"),
        "sweep": _("silence"),
        "enroll": _("activation"),
        "lifecycle": _("the directory or an administrator"),
        "administrator": _("an administrator"),
    }
    entries = []
    for change in changes:
        badge = STATES.get(change.to_state)
        entries.append(
            {
                "at": change.changed_at,
                "title": badge.label if badge else change.to_state,
                "text": "; ".join(reason_text(reason) for reason in change.reasons[:5]),
                "actor": _("by %(cause)s") % {"cause": causes.get(change.cause, change.cause)},
                "tone": badge.tone if badge else "neutral",
            }
        )
    return entries
