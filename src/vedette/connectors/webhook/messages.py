"""What a webhook says: JSON for programs, cards for Microsoft Teams, blocks for Slack."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from django.utils import translation
from django.utils.translation import gettext as _

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_summary import Summary, summarise
from vedette.verdict.risk import Risk
from vedette.web import badges

JSON, TEAMS, SLACK = "json", "teams", "slack"
_HEADER_MOST: Final = 150
_MOST: Final = 380
_TONES: Final = {Risk.HIGH: "attention", Risk.MEDIUM: "warning", Risk.LOW: "warning"}
_MARKS: Final = {Risk.HIGH: "\U0001f534", Risk.MEDIUM: "\U0001f7e0", Risk.LOW: "\U0001f7e1"}


def body(template: str, told: Told, language: str) -> bytes:
    """Write the body of one event."""
    with translation.override(language):
        return msgspec.json.encode(_TEMPLATES[template](told, summarise(told, language)))


def _json(told: Told, summary: Summary) -> dict[str, Any]:
    """The payload that Standard Webhooks recommends: a type with a dot, a time, the event itself."""
    kind = f"{told.type}.{summary.change or 'UPDATED'}".lower()
    return {"type": kind, "timestamp": told.occurred_at.isoformat(), "data": told.event}


def _teams(told: Told, summary: Summary) -> dict[str, Any]:
    """A message with an adaptive card, as the workflow “When a Teams webhook request is received” takes it."""
    title = {
        "type": "TextBlock",
        "text": _unlinked(summary.title),
        "weight": "bolder",
        "size": "medium",
        "wrap": True,
        "color": _TONES.get(told.risk, "default"),
    }
    facts = {
        "type": "FactSet",
        "facts": [{"title": name, "value": _unlinked(value)} for name, value in facts_of(told, summary)],
    }
    text = [{"type": "TextBlock", "text": _unlinked(summary.text), "wrap": True}] if summary.text else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [title, *text, facts],
        "actions": [{"type": "Action.OpenUrl", "title": _("Open in Vedette"), "url": summary.url_here}],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _slack(told: Told, summary: Summary) -> dict[str, Any]:
    """Blocks for an incoming webhook; `text` is what notifications show."""
    mark = _MARKS.get(told.risk, "")
    title = f"{mark} {summary.title}".strip()
    fields = [
        {"type": "mrkdwn", "text": f"*{_escaped(name)}*\n{_escaped(value)}"}
        for name, value in facts_of(told, summary)
    ]
    header = {"type": "header", "text": {"type": "plain_text", "text": title[:_HEADER_MOST]}}
    said = {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(summary.text)}}
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": _("Open in Vedette")},
        "url": summary.url_here,
    }
    return {
        "text": _escaped(title),
        "blocks": [
            header,
            *([said] if summary.text else []),
            # Slack refuses a section of more than ten fields.
            {"type": "section", "fields": fields[:10]},
            {"type": "actions", "elements": [button]},
        ],
    }


def facts_of(told: Told, summary: Summary) -> list[tuple[str, str]]:
    """Return what people want to know at a glance: names in the current language, values; none is empty."""
    level = str(badges.risk(int(told.risk)).label) if told.type == "THREAT" else ""
    state = str(badges.state(told.state_after).label) if told.state_after else ""
    model = " ".join(part for part in (summary.manufacturer, summary.model) if part)
    found = [
        (_("Risk"), level),
        (_("State"), state),
        (_("Person"), summary.user),
        (_("Phone"), summary.device_name or model),
        (_("Platform"), _PLATFORMS.get(summary.platform, summary.platform)),
        (_("App"), summary.application or summary.package),
        (_("Address on the web"), summary.url),
        (_("By"), summary.actor if told.type == "AUDIT" else ""),
        (_("Time"), told.occurred_at.strftime("%Y-%m-%d %H:%M UTC")),
    ]
    return [(name, value) for name, value in found if value]


def _unlinked(text: str) -> str:
    """Keep Markdown from making a link of what an app calls itself: cards draw `[words](address)` as one."""
    return text.replace("](", "]\u200b(")


def _escaped(text: str) -> str:
    """Escape Slack's three control characters, in a text that stays short of its 2,000 with them."""
    return text[:_MOST].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_PLATFORMS: Final[Mapping[str, str]] = {"ANDROID": "Android", "IOS": "iOS"}
_TEMPLATES: Final[Mapping[str, Callable[[Told, Summary], dict[str, Any]]]] = {
    JSON: _json,
    TEAMS: _teams,
    SLACK: _slack,
}
