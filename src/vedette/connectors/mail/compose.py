"""The words of a mail, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from vedette.foundation import config
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk

ENGLISH = "en"


@dataclass(frozen=True)
class Message:
    """Subject, plain text and HTML."""

    subject: str
    text: str
    html: str


def compose(kind: str, context: Mapping[str, Any], language: str) -> Message:
    """Write the mail of KIND (threat, error, state) in LANGUAGE."""
    with translation.override(language):
        words: dict[str, Any] = {**context, "base": config.current().public_url, "language": language}
        if kind == "threat":
            words |= _threat_words(context, language)
        subject = _subject(kind, words)
        words["subject"] = subject
        return Message(
            subject,
            render_to_string(f"mail/{kind}.txt", words),
            render_to_string(f"mail/{kind}.html", words),
        )


def _threat_words(context: Mapping[str, Any], language: str) -> dict[str, Any]:
    known = CLASSIFICATIONS[context["classification"]]
    text = known.text.get(language, known.text[ENGLISH])
    return {"title": text.title, "description": text.description, "risk_name": risk_name(context["risk"])}


def risk_name(risk: int) -> str:
    """The word for a risk level."""
    return {
        Risk.HIGH: _("High"),
        Risk.MEDIUM: _("Medium"),
        Risk.LOW: _("Low"),
        Risk.ADVISORY: _("Advisory"),
        Risk.NONE: _("None"),
    }[Risk(risk)]


def _subject(kind: str, words: Mapping[str, Any]) -> str:
    if kind == "threat":
        return _("%(risk)s risk: %(title)s on %(device)s") % {
            "risk": words["risk_name"],
            "title": words["title"],
            "device": words["device"],
        }
    if kind == "error":
        return _("Connector error %(code)s (%(connector)s)") % words
    return _("Connector %(connector)s is now %(after)s") % words
