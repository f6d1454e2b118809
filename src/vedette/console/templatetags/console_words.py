"""Filters of the console's own words."""

import json
from collections.abc import Mapping
from typing import Any

from django import template

from vedette.console.words import text_of
from vedette.verdict.classifications import CLASSIFICATIONS

register = template.Library()


@register.filter
def classification_title(code: str) -> str:
    """Title of a classification in the reader's language."""
    return str(text_of(code).title) if code in CLASSIFICATIONS else code


@register.filter
def from_value(change: Mapping[str, Any]) -> str:
    """The value before a change; `from` is no name that a template could look up."""
    return shown(change.get("from"))


@register.filter
def shown(value: Any) -> str:
    """A value of an event as people read it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
