"""Filters of the console's own words."""

import json
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from vedette.console.audit_words import ACTIONS
from vedette.console.words import text_of
from vedette.verdict.classifications import CLASSIFICATIONS

register = template.Library()


@register.filter
def classification_title(code: str) -> str:
    """Title of a classification in the reader's language."""
    return str(text_of(code).title) if code in CLASSIFICATIONS else code


@register.filter
def action_title(action: str) -> str:
    """What was done, in words; an action without words is shown by its name."""
    return str(ACTIONS.get(action, action))


@register.filter
def from_value(change: Mapping[str, Any]) -> str:
    """The value before a change; `from` is no name that a template could look up."""
    return shown(change.get("from"))


@register.filter
def shown(value: Any) -> str:
    """A value of an event as people read it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "-"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
