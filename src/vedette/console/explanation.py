"""Why a device has its state, in words: evidence, rule, time and delivery (design.md 4)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vedette.compliance.models import StateChange
from vedette.console import guard_words, words
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.web.badges import RISKS, STATES

SENTENCES: Final[Mapping[str, Promise]] = {
    "not_activated": gettext_lazy("The app has not been opened and activated on the phone yet."),
    "no_report": gettext_lazy("The app is activated, but its first report has not been judged yet."),
    "disconnected": gettext_lazy("The phone has not reported for longer than your setting allows."),
    "deactivated": gettext_lazy("The device is out of scope: it left, or was deactivated."),
}
LEFT_BECAUSE: Final[Mapping[str, Promise]] = {
    "left_enrollment_groups": gettext_lazy("Its person left the enrollment groups, or it is gone from Entra"),
    "unsupported": gettext_lazy("It no longer meets the limits of Enrollment management"),
    "replaced": gettext_lazy("The phone was wiped or enrolled anew; another device took its place"),
    "administrator": gettext_lazy("An administrator deactivated it"),
}
SHOWN_REASONS: Final = 5
NAMED: Final = 3


def reason_text(reason: Mapping[str, Any]) -> str:
    """One reason of a decision, as a sentence."""
    code, subject = str(reason.get("code", "")), str(reason.get("subject", ""))
    if code == "threat" and subject in CLASSIFICATIONS:
        level = RISKS[int(reason.get("risk", 0))].label
        return _("%(title)s, rated %(level)s by your security policy.") % {
            "title": words.title_of_reason(reason),
            "level": level,
        }
    if code == "detector_failed":
        return _("A check could not be carried out (%(check)s), so the phone does not count as clean.") % {
            "check": words.detector_words(subject)
        }
    if code == "unanswered":
        return _("The phone gives no answer, so it does not count as clean: %(rule)s.") % {
            "rule": words.rule_words(subject)
        }
    return str(SENTENCES.get(code, code))


def history_of(changes: Iterable[StateChange]) -> list[dict[str, Any]]:
    """Entries for the timeline, newest first."""
    entries = []
    for change in changes:
        badge = STATES.get(change.to_state)
        entries.append(
            {
                "at": change.changed_at,
                "title": badge.label if badge else change.to_state,
                "text": " ".join([*_otherwise(change), *_told(change)]),
                "actor": cause_words(change),
                "tone": badge.tone if badge else "neutral",
            }
        )
    return entries


def cause_words(change: StateChange) -> str:
    """Say what made a state change happen."""
    detail = change.detail
    if change.cause == "policy":
        return _("Security policy changed: %(names)s") % {"names": _names(detail.get("classifications", []))}
    if change.cause == "sweep":
        days = int(detail.get("disconnected_days", 0))
        return ngettext("Silence counts after %(days)d day", "Silence counts after %(days)d days", days) % {
            "days": days
        }
    if change.cause == "lifecycle":
        return str(LEFT_BECAUSE.get(str(detail.get("reason", "")), _("Found in the directory")))
    if guarded := guard_words.cause(change.cause, detail):
        return guarded
    return {
        "report": _("A report of the phone"),
        "scan": _("A scan of the phone"),
        "management": _("What Intune says of the phone"),
        "intelligence": _("Judged anew with the intelligence and policy in force"),
        "enroll": _("The app was activated"),
        "administrator": _by_hand(detail),
    }.get(change.cause, change.cause)


def _otherwise(change: StateChange) -> list[str]:
    """Say what Microsoft was told where that is not the state."""
    if not change.told or change.told == change.to_state:
        return []
    badge = STATES.get(change.told)
    return [_("Microsoft is told: %(state)s.") % {"state": badge.label if badge else change.told}]


def _by_hand(detail: Mapping[str, Any]) -> str:
    return {
        "ignored": _("An administrator ignored a threat"),
        "open": _("An administrator reopened a threat"),
        "resolved": _("An administrator called a threat mended"),
    }.get(str(detail.get("status", "")), _("An administrator"))


def _told(change: StateChange) -> list[str]:
    told = [reason_text(reason) for reason in change.reasons[:SHOWN_REASONS]]
    more = len(change.reasons) - SHOWN_REASONS
    if more > 0:
        told.append(ngettext("And %(more)d more.", "And %(more)d more.", more) % {"more": more})
    return told


def _names(codes: Iterable[str]) -> str:
    titles = [words.title_of(code) for code in codes]
    more = len(titles) - NAMED
    named = ", ".join(titles[:NAMED])
    if more <= 0:
        return named
    return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
        "names": named,
        "more": more,
    }
