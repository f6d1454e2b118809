"""Filters of the console's own words."""

from collections.abc import Mapping
from typing import Any

from django import template

from vedette.console import scan_words, words
from vedette.threats.models import Threat

register = template.Library()


@register.filter
def classification_title(code: str) -> str:
    """Title of a classification in the reader's language."""
    return words.title_of(code)


@register.filter
def told(threat: Threat) -> str:
    """What was found, as a sentence in the reader's language."""
    return words.summary_of(threat)


@register.filter
def kind_words(kind: str) -> str:
    """What an upload was read as, in the reader's language."""
    return scan_words.kind_words(kind)


@register.filter
def category_words(name: str) -> str:
    """A category of web content, in the reader's language."""
    return words.value_words(name, "category")


@register.filter
def of(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Look up what a mapping has for a key that is a variable."""
    return mapping.get(key)
