"""The words of a mail, in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.connectors import errors
from vedette.connectors.destination_kinds import KINDS
from vedette.foundation import config
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web import badges

ENGLISH: Final = "en"

Words = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """Subject, plain text and HTML."""

    subject: str
    text: str
    html: str


def compose(kind: str, context: Mapping[str, Any], language: str) -> Message:
    """Write the mail of KIND (threat, threats, error, state) in LANGUAGE. Raises KeyError for another kind."""
    with translation.override(language):
        words: Words = {
            "base": config.current().public_url,
            "language": language,
            **_WORDS[kind](context, language),
        }
        # A subject is one line, whatever a phone calls itself.
        words["subject"] = " ".join(str(words["subject"]).split())
        return Message(
            words["subject"],
            render_to_string(f"mail/{kind}.txt", words),
            render_to_string(f"mail/{kind}.html", words),
        )


def _threat(context: Mapping[str, Any], language: str) -> Words:
    words = _about(context, language)
    return {**words, "subject": _("%(risk)s: %(title)s on %(device)s") % words}


def _threats(context: Mapping[str, Any], language: str) -> Words:
    count = context["count"]
    subject = ngettext("%(count)s new threat", "%(count)s new threats", count) % {"count": count}
    by_risk = sorted(context["by_risk"].items(), key=lambda entry: -int(entry[0]))
    return {
        "subject": subject,
        "count": count,
        "by_risk": [(badges.risk(int(risk)).label, number) for risk, number in by_risk],
        "threats": [_about(threat, language) for threat in context["threats"]],
        "rest": count - len(context["threats"]),
    }


def _error(context: Mapping[str, Any], _language: str) -> Words:
    shown = errors.shown(context["message"], context["explanation"], context["next_step"], context["words"])
    name = connector_name(context["connector"])
    return {
        "connector": name,
        "code": context["code"],
        "shown": shown,
        "subject": _("Error of the connector “%(connector)s”: %(code)s")
        % {"connector": name, "code": context["code"].partition(":")[0]},
    }


def _state(context: Mapping[str, Any], _language: str) -> Words:
    words: Words = {
        "connector": connector_name(context["connector"]),
        "before": badges.state(context["before"]).label,
        "after": badges.state(context["after"]).label,
    }
    shown = errors.shown(context.get("message", ""), "", context.get("next_step", ""), {})
    subject = _("Connector “%(connector)s”: %(after)s") % words
    return {**words, "shown": shown, "subject": subject}


def _brake(context: Mapping[str, Any], _language: str) -> Words:
    held = int(context["held"])
    subject = ngettext(
        "Brake: the block of %(held)d phone is held", "Brake: the blocks of %(held)d phones are held", held
    )
    return {
        **context,
        "subject": subject % {"held": held},
        "cause": _CAUSES[context["kind"]](),
    }


def connector_name(connector: str) -> str:
    """The name of a connector."""
    names = {
        "intune": _("Microsoft Intune"),
        "partner": _("Intune partner interface (simulation)"),
        "watch": _("Silence alarms"),
        "mail": _("Mail"),
        "notifications": _("Change notifications"),
    }
    kind = KINDS.get(connector)
    return names.get(connector) or (str(kind.title) if kind else connector)


def _about(context: Mapping[str, Any], language: str) -> Words:
    known = CLASSIFICATIONS[context["classification"]]
    text = known.text.get(language, known.text[ENGLISH])
    simulated = context.get("simulated", False)
    return {
        **context,
        "title": _("Simulated: %(title)s") % {"title": text.title} if simulated else text.title,
        "description": _("An administrator's test: nothing is wrong with the phone. It ends within an hour.")
        if simulated
        else text.description,
        "mend": _("Nothing to do.") if simulated else context.get("mend") or text.mend,
        "risk": _RISKS[Risk(context["risk"])](),
        "owner": context["owner"] or _("an unknown person"),
    }


_RISKS: Final[Mapping[Risk, Callable[[], str]]] = {
    Risk.HIGH: lambda: _("High risk"),
    Risk.MEDIUM: lambda: _("Medium risk"),
    Risk.LOW: lambda: _("Low risk"),
    Risk.ADVISORY: lambda: _("Advisory"),
    Risk.NONE: lambda: _("No risk"),
}
_CAUSES: Final[Mapping[str, Callable[[], str]]] = {
    "feed": lambda: _("New threat intelligence"),
    "detectors": lambda: _("A new version of the detectors"),
    "parameters": lambda: _("A change of what counts as up to date"),
    "lists": lambda: _("A change of the lists of applications"),
    "privacy": lambda: _("A change of what is collected of phones"),
    "day": lambda: _("Indicators or patch levels that aged over night"),
    "policy": lambda: _("A change of the security policy"),
    "sweep": lambda: _("Phones that fell silent"),
}
_WORDS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Words]]] = {
    "threat": _threat,
    "threats": _threats,
    "error": _error,
    "state": _state,
    "brake": _brake,
}
