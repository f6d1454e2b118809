"""A threat's evidence and what became of it, in words for an analyst."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext as _

from vedette.console import words
from vedette.events.models import Event
from vedette.threats.models import Threat
from vedette.verdict.findings import Evidence
from vedette.web.badges import STATES

LISTED: Final = 50
_LONG: Final = 24
"""From this length on a value is a hash or an identifier that people copy rather than read."""


@dataclass(frozen=True)
class Row:
    """One fact: its name, its value, the feed that named it (empty: the phone itself); `copied` if it is long."""

    fact: str
    value: str
    source: str
    copied: bool


def evidence_rows(threat: Threat) -> list[Row]:
    """Lay the evidence out, each fact once, without what the summary's sentence needs alone."""
    return rows_of(words.evidence_of(threat.evidence), threat.source)


def rows_of(evidence: Iterable[Evidence], named_by: str) -> list[Row]:
    """Lay evidence out; `named_by`: the feed behind the finding."""
    rows = []
    for item in evidence:
        if item.fact == "feed":
            continue  # stands beside each fact that the feed named
        value = words.value_words(item.value, item.fact)
        copied = len(value) >= _LONG and " " not in value
        source = item.source or (named_by if item.fact == "family" else "")
        rows.append(Row(words.fact_words(item.fact), value, source, copied))
    return rows


def history(threat: Threat) -> list[dict[str, Any]]:
    """Entries for the timeline, newest first: one for each change of status.

    An administrator's act stands in the audit trail too, one position before, with its reason.
    """
    events = list(Event.objects.filter(target_id=str(threat.pk)).order_by("-position")[:LISTED])
    reasons = {event.position: event.detail.get("reason", "") for event in events}
    return [
        {
            "at": event.occurred_at,
            "title": _happened(event),
            "text": _why(threat, event, reasons.get(event.position - 1, "")),
            "actor": event.actor_name,
            "tone": STATES[_status(event, "to")].tone,
        }
        for event in events
        if event.type == Event.Type.THREAT
    ]


def _happened(event: Event) -> str:
    after = _status(event, "to")
    if after == Threat.Status.OPEN:
        return _("Counts again") if _status(event, "from") else _("Found")
    return str(STATES[after].label)


def _why(threat: Threat, event: Event, reason: str) -> str:
    if reason:
        return f"“{reason}”"
    if _status(event, "to") == Threat.Status.RESOLVED and threat.resolution:
        return gettext(threat.resolution)
    return ""


def _status(event: Event, side: str) -> str:
    return next((str(item[side] or "") for item in event.changes if item["attribute"] == "status"), "")
