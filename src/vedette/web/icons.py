"""The drawings of Tabler Icons (MIT) that pages use, put into the page as SVG: see scripts/icons.py."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

FILE = Path(__file__).with_name("icons.json")


class UnknownIconError(KeyError):
    """A template names an icon that is not kept; `scripts/icons.py` adds it."""


@cache
def drawings() -> dict[str, str]:
    """Return the kept drawings: name to what stands inside `<svg>`."""
    loaded: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def svg(name: str, css: str = "", title: str = "") -> SafeString:
    """Return an inline icon, hidden from screen readers unless it has a title of its own."""
    if name not in drawings():
        raise UnknownIconError(f"No icon named {name}: add it with scripts/icons.py")
    inside = mark_safe(drawings()[name])  # noqa: S308 - our own file, not input
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" focusable="false" {}>{}</svg>',
        css,
        format_html('role="img" aria-label="{}"', title) if title else mark_safe('aria-hidden="true"'),
        inside,
    )
