"""Paging, sorting, searching and filtering of a table, read from the address and nothing else.

query = tables.read(request, columns=COLUMNS, filters=FILTERS, default_sort="-seen")
rows = Device.objects.filter(...)            # apply query.search and query.filters["state"]
table = tables.page(query, rows)             # -> {% page_table table row="console/devices/_row.html" %}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from vedette.web.errors import Text

PER_PAGE: Final = 50
LONGEST_SEARCH: Final = 200


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `order` are the ORM names it sorts by (empty: it cannot be sorted by).

    A silent column shows its label to screen readers only, for the buttons at a row's end.
    """

    key: str
    label: Text
    order: tuple[str, ...] = ()
    css: str = ""
    is_silent: bool = False


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A choice above the table: `?name=value`; the empty value means all."""

    name: str
    label: Text
    choices: Sequence[tuple[str, Text]]


@dataclass(frozen=True)
class Query:
    """What the address asks for, each part checked against what the table offers."""

    columns: tuple[Column, ...]
    offered: tuple[Filter, ...]
    search: str
    filters: Mapping[str, str]
    sort: str
    order_by: tuple[str, ...]
    number: int
    search_label: Text | None

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter hides rows: an empty result then is no empty table."""
        return bool(self.search or any(self.filters.values()))


@dataclass(frozen=True)
class Table:
    """One page of rows with what is needed to draw header, filters and paging."""

    query: Query
    page: Page[Any]

    @property
    def headers(self) -> list[dict[str, object]]:
        """Return each column with its sort link's value and its `aria-sort`."""
        return [_header(column, self.query.sort) for column in self.query.columns]

    @property
    def choices(self) -> list[dict[str, object]]:
        """Return each filter with the chosen value."""
        return [{"filter": offer, "value": self.query.filters[offer.name]} for offer in self.query.offered]

    @property
    def numbers(self) -> list[int | None]:
        """Return the page numbers to draw; None stands for a gap."""
        elided = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=1, on_ends=1)
        return [number if isinstance(number, int) else None for number in elided]


def read(
    request: HttpRequest,
    *,
    columns: Sequence[Column],
    default_sort: str,
    filters: Sequence[Filter] = (),
    search_label: Text | None = None,
) -> Query:
    """Read `q`, `sort`, `page` and the filters; whatever the table does not offer counts as not asked for.

    `default_sort` is a column's key, with a leading "-" for falling order. Rows that are equal in it are
    ordered by primary key, so that no row is on two pages.
    """
    known = {column.key: column for column in columns if column.order}
    wanted = request.GET.get("sort", "")
    sort = wanted if wanted.removeprefix("-") in known else default_sort
    return Query(
        columns=tuple(columns),
        offered=tuple(filters),
        search=_search(request) if search_label else "",
        filters={offer.name: _chosen(request, offer) for offer in filters},
        sort=sort,
        order_by=_order(known[sort.removeprefix("-")], falling=sort.startswith("-")),
        number=_number(request.GET.get("page", "")),
        search_label=search_label,
    )


def page(query: Query, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE) -> Table:
    """Order (query sets only) and cut out the page; a number past the end gives the last page."""
    ordered = rows.order_by(*query.order_by) if isinstance(rows, QuerySet) else rows
    return Table(query, Paginator(ordered, per_page).get_page(query.number))


def _header(column: Column, sort: str) -> dict[str, object]:
    key, falling = sort.removeprefix("-"), sort.startswith("-")
    current = column.key == key and bool(column.order)
    direction = ("descending" if falling else "ascending") if current else ""
    toggled = column.key if current and falling else f"-{column.key}"
    following = toggled if current else column.key
    return {"column": column, "sortable": bool(column.order), "direction": direction, "following": following}


def _order(column: Column, *, falling: bool) -> tuple[str, ...]:
    names = tuple(_flip(name) for name in column.order) if falling else column.order
    return (*names, "pk")


def _flip(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _search(request: HttpRequest) -> str:
    # PostgreSQL text cannot hold NUL
    return request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]


def _chosen(request: HttpRequest, offer: Filter) -> str:
    value = request.GET.get(offer.name, "")
    return value if any(value == known for known, _label in offer.choices) else ""


def _number(text: str) -> int:
    # a page number of more digits than this is no page of ours
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 1  # noqa: PLR2004 - said above
