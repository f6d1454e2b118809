"""The components of the page kit as template tags (README.md of this package shows each)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField
from django.template.context import Context
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from vedette.web import badges, charts, fields, icons, tables, times
from vedette.web.errors import Text
from vedette.web.viewer import Tone

register = template.Library()
DOT = SafeString('<span class="v-dot" aria-hidden="true"></span>')


@register.simple_tag
def icon(name: str, css: str = "", title: str = "") -> SafeString:
    """Draw an icon of icons.json; with a title it has a meaning of its own."""
    return icons.svg(name, css, title)


def _badge(badge: badges.Badge) -> SafeString:
    mark = icons.svg(badge.icon) if badge.icon else DOT
    return format_html('<span class="v-badge v-tone-{}">{}{}</span>', badge.tone, mark, badge.label)


@register.simple_tag
def risk_badge(level: int) -> SafeString:
    """Show a risk level 0 to 4."""
    return _badge(badges.risk(level))


@register.simple_tag
def status_badge(state: str) -> SafeString:
    """Show the state of a device, threat, connector …: the names in badges.py."""
    return _badge(badges.state(state))


@register.simple_tag
def badge(label: Text, tone: Tone = "neutral", icon: str = "") -> SafeString:
    """Show any other short label."""
    return _badge(badges.Badge(label, tone, icon))


@register.simple_tag
def when(moment: datetime | None, never: Text = "") -> SafeString:
    """Show how long ago a moment is, with the exact time on hover; `never` stands where there is none."""
    if moment is None:
        return format_html('<span class="text-secondary">{}</span>', never or gettext("never"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        times.exact(moment),
        times.relative(moment),
    )


@register.simple_tag
def at(moment: datetime | None, never: Text = "") -> SafeString:
    """Show the exact time, for histories and audit rows."""
    if moment is None:
        return format_html('<span class="text-secondary">{}</span>', never or gettext("never"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        times.relative(moment),
        times.exact(moment),
    )


@register.filter
def duration(span: timedelta | None) -> str:
    """Say a length of time."""
    return times.duration(span) if span is not None else ""


@register.filter
def number(value: float) -> str:
    """Write a figure with the thousands separator of the reader's language."""
    return formats.number_format(value, use_l10n=True, force_grouping=True)


@register.inclusion_tag("web/partials/stat.html")
def stat(
    label: Text,
    value: object,
    *,
    icon: str = "",
    tone: Tone = "neutral",
    delta: Text = "",
    delta_tone: Tone = "neutral",
    points: Sequence[float] = (),
    href: str = "",
    note: Text = "",
) -> dict[str, Any]:
    """Show one figure with an optional change, line and link."""
    return {
        "label": label,
        "value": value,
        "icon": icon,
        "tone": tone,
        "delta": delta,
        "delta_tone": delta_tone,
        "spark": charts.sparkline(points, tone),
        "href": href,
        "note": note,
    }


@register.inclusion_tag("web/partials/chart.html")
def chart(data: charts.Donut | charts.Lines, key: str) -> dict[str, Any]:
    """Draw a chart; `key` names it within the page. Needs the script of `{% block charts %}`."""
    is_donut = isinstance(data, charts.Donut)
    return {"chart": data, "key": key, "data_id": f"chart-{key}", "json": data.data(), "is_donut": is_donut}


@register.inclusion_tag("web/partials/empty.html")
def empty_state(
    title: Text,
    *,
    text: Text = "",
    icon: str = "search",
    action: Text = "",
    href: str = "",
    tone: Tone = "neutral",
) -> dict[str, Any]:
    """Say why nothing is here and what to do next."""
    return {"title": title, "text": text, "icon": icon, "action": action, "href": href, "tone": tone}


@register.inclusion_tag("web/partials/table.html", takes_context=True)
def page_table(
    context: Context,
    table: tables.Table,
    row: str,
    *,
    caption: Text = "",
    empty: str = "",
    compact: bool = False,
) -> dict[str, Any]:
    """Show a page of rows: header with sorting, `row` drawn for each as `row`, paging; cards on a phone.

    `empty` is the template shown when there are no rows at all; a narrowed search has its own words.
    """
    values: dict[str, Any] = {str(name): value for name, value in context.flatten().items()}
    values.update(
        {"table": table, "row_template": row, "caption": caption, "empty": empty, "compact": compact}
    )
    return values


@register.inclusion_tag("web/partials/filters.html", takes_context=True)
def filters_bar(context: Context, table: tables.Table, export: str = "") -> dict[str, Any]:
    """Show search, filters and, at `export`, the link that downloads the same rows as CSV."""
    return {"table": table, "export": export, "request": context.get("request")}


@register.simple_tag(takes_context=True)
def cell(context: Context, key: str, css: str = "") -> SafeString:
    """Return the attributes of a `<td>` in a row template: `<td {% cell "state" %}>`."""
    query: tables.Query = context["table"].query
    column = next(column for column in query.columns if column.key == key)
    return format_html('data-label="{}" class="{}"', column.label, f"{column.css} {css}".strip())


@register.inclusion_tag("web/partials/tabs.html")
def tabs(entries: Sequence[Mapping[str, Any]], active: str, label: Text = "") -> dict[str, Any]:
    """Show tabs that are links: entries with key, label, href and optional badge, icon, locked (with why)."""
    return {"entries": entries, "active": active, "label": label}


@register.inclusion_tag("web/partials/field.html")
def field(bound: BoundField, suffix: Text = "", help: Text = "", css: str = "") -> dict[str, Any]:  # noqa: A002 - the word of the page
    """Show a form field with label, help and error tied to it."""
    return {
        "field": fields.describe(bound, extra_help=bool(help)),
        "suffix": suffix,
        "help": help,
        "css": css,
    }


@register.inclusion_tag("web/partials/facts.html")
def facts(pairs: Sequence[tuple[Text, object]], columns: int = 1) -> dict[str, Any]:
    """Show label and value pairs."""
    shown = [(label, _figure(value)) for label, value in pairs]
    return {"pairs": shown, "columns": columns}


def _figure(value: object) -> object:
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else value


@register.inclusion_tag("web/partials/timeline.html")
def timeline(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Show a history, newest first: entries with at, title and optional text, actor, icon, tone."""
    return {"entries": entries}


@register.inclusion_tag("web/partials/copy.html")
def copy(value: str, label: Text = "", *, secret: bool = False) -> dict[str, Any]:
    """Show a value with a button that copies it."""
    return {"value": value, "label": label, "secret": secret}


@register.inclusion_tag("web/partials/code.html")
def code(text: str, title: Text = "", note: Text = "") -> dict[str, Any]:
    """Show lines to paste elsewhere, with a button that copies them."""
    return {"text": text, "title": title, "note": note}


@register.inclusion_tag("web/partials/progress.html")
def progress(value: int, maximum: int, label: Text, tone: Tone = "info") -> dict[str, Any]:
    """Show how far something is."""
    share = 100 * value // maximum if maximum > 0 else 0
    return {"value": value, "maximum": max(maximum, 1), "label": label, "tone": tone, "share": share}


@register.inclusion_tag("web/partials/why.html")
def why(title: Text, reasons: Sequence[Text], tone: Tone = "info") -> dict[str, Any]:
    """Explain a verdict: what it rests on, in order of weight."""
    return {"title": title, "reasons": reasons, "tone": tone}


@register.inclusion_tag("web/partials/steps.html")
def steps(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Show a guided list: entries with title, state (done, current, waiting), optional text, action, href."""
    return {"entries": entries}


@register.simple_block_tag
def card(content: str, title: Text = "", icon: str = "", subtitle: Text = "", css: str = "") -> SafeString:
    """Wrap content in a card: `{% card title="…" %} … {% endcard %}`."""
    head = SafeString("")
    if title:
        mark = icons.svg(icon, "v-card-icon") if icon else ""
        below = format_html('<p class="card-subtitle">{}</p>', subtitle) if subtitle else ""
        head = format_html(
            '<div class="card-header"><div><h2 class="card-title">{}{}</h2>{}</div></div>', mark, title, below
        )
    return format_html(
        '<section class="card {}">{}<div class="card-body">{}</div></section>', css, head, content
    )


@register.simple_block_tag
def notice(content: str, tone: Tone = "info", title: Text = "", icon: str = "info-circle") -> SafeString:
    """Show a note in the page: `{% notice "warning" title="…" %} … {% endnotice %}`."""
    head = format_html('<p class="v-notice-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="v-notice v-tone-{}">{}<div class="v-notice-body">{}{}</div></div>',
        tone,
        icons.svg(icon),
        head,
        content,
    )


@register.simple_block_tag(takes_context=True)
def remember(context: Context, content: str, name: str) -> str:
    """Keep what stands inside under a name: a block is drawn once only, base.html shows the title twice."""
    context[name] = SafeString(content.strip())
    return ""
