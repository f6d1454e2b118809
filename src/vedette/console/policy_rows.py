"""The rows of the security policy, and what a change of them does, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.compliance.change_policy import Preview
from vedette.console.policy_words import FAMILIES, RESPONSES, WEB_RESPONSES
from vedette.console.words import text_of, title_of
from vedette.threats.models import PolicyLevel
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web.badges import RISKS, STATES

RISK_VALUES: Final = frozenset(str(int(level)) for level in Risk)
DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    code: {"risk": str(int(known.default_risk)), "response": str(known.default_response)}
    for code, known in CLASSIFICATIONS.items()
}
_LISTED: Final = 12
_WEB: Final = "WEB_CONTENT"

Fact = tuple[Any, object]


def in_force(group_id: UUID) -> dict[str, tuple[int, str]]:
    """Return risk and response of each classification."""
    rows = PolicyLevel.objects.filter(group_id=group_id).values_list("classification", "risk", "response")
    return {code: (risk, response) for code, risk, response in rows}


def offered_responses(code: str) -> list[str]:
    """List the responses that make sense: nothing but web content can be blocked on the phone."""
    is_web = CLASSIFICATIONS[code].family == _WEB
    return [response for response in RESPONSES if is_web or response not in WEB_RESPONSES]


def families(group_id: UUID) -> list[dict[str, Any]]:
    """Return the policy's rows by family, in the order of the page."""
    levels = in_force(group_id)
    found = [
        {"key": family, "title": title, "rows": list(_rows(family, levels))}
        for family, title in FAMILIES.items()
    ]
    return [family for family in found if family["rows"]]


def _rows(family: str, levels: Mapping[str, tuple[int, str]]) -> Iterator[dict[str, Any]]:
    for code, known in CLASSIFICATIONS.items():
        if known.family != family:
            continue
        risk, response = levels[code]
        responses = [*offered_responses(code)]
        if response not in responses:
            responses.append(response)
        yield {
            "code": code,
            "words": text_of(code),
            "platforms": sorted(known.platforms),
            "risk": risk,
            "response": response,
            "responses": [(key, RESPONSES[key]) for key in responses],
            "response_label": RESPONSES[response],
            "default_risk": RISKS[int(known.default_risk)].label,
            "is_default": (risk, response) == (int(known.default_risk), known.default_response),
        }


def changes(group_id: UUID, wanted: Mapping[str, tuple[int, str]]) -> list[Fact]:
    """Name what would change, from and to; the rest as a number."""
    levels = in_force(group_id)
    listed: list[Fact] = []
    for code in list(wanted)[:_LISTED]:
        (risk, response), (new_risk, new_response) = levels[code], wanted[code]
        parts = []
        if risk != new_risk:
            parts.append(f"{RISKS[risk].label} → {RISKS[new_risk].label}")
        if response != new_response:
            parts.append(f"{RESPONSES[response]} → {RESPONSES.get(new_response, new_response)}")
        listed.append((title_of(code), ", ".join(parts)))
    if len(wanted) > _LISTED:
        listed.append((_("and more classifications"), len(wanted) - _LISTED))
    return listed


def consequences(preview: Preview) -> list[Fact]:
    """Say which devices change their state by it."""
    facts: list[Fact] = [
        (_("Devices that change state"), preview.devices),
        (_("of them to a worse state"), preview.worse),
        (_("of them to a better state"), preview.better),
    ]
    return facts + [
        (f"{_label(before)} → {_label(after)}", count)
        for (before, after), count in sorted(preview.moves.items())
    ]


def saved_words(count: int) -> str:
    """Say that it is saved, and how many devices changed their state."""
    return ngettext(
        "Saved. %(count)d device changed its state by it.",
        "Saved. %(count)d devices changed their state by it.",
        count,
    ) % {"count": count}


def _label(state: str) -> str:
    return str(STATES[state].label) if state in STATES else _("new")
