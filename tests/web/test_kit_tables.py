from __future__ import annotations

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from vedette.web import tables

COLUMNS = (
    tables.Column(key="name", label="Name", order=("name",)),
    tables.Column(key="seen", label="Seen", order=("-seen_at", "name")),
    tables.Column(key="note", label="Note"),
)
FILTERS = (tables.Filter(name="state", label="State", choices=(("high", "High"), ("low", "Low"))),)


def read(address: str) -> tables.Query:
    return tables.read(
        RequestFactory().get(address),
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-seen",
        search_label="Search",
    )


@pytest.mark.parametrize(
    ("address", "order"),
    [
        ("/", ("seen_at", "-name", "pk")),
        ("/?sort=seen", ("-seen_at", "name", "pk")),
        ("/?sort=name", ("name", "pk")),
        ("/?sort=-name", ("-name", "pk")),
        ("/?sort=note", ("seen_at", "-name", "pk")),
        ("/?sort=password", ("seen_at", "-name", "pk")),
        ("/?sort=--name", ("seen_at", "-name", "pk")),
        ("/?sort=name__tenant", ("seen_at", "-name", "pk")),
    ],
)
def test_only_offered_columns_sort(address: str, order: tuple[str, ...]) -> None:
    assert read(address).order_by == order


@pytest.mark.parametrize(
    ("address", "state", "narrowed"),
    [
        ("/", "", False),
        ("/?state=high", "high", True),
        ("/?state=secret", "", False),
        ("/?q=pixel", "", True),
    ],
)
def test_only_offered_choices_filter(address: str, state: str, narrowed: bool) -> None:
    query = read(address)
    assert query.filters == {"state": state}
    assert query.is_narrowed is narrowed


@pytest.mark.parametrize(
    ("number", "rows", "first", "last"),
    [
        ("1", 120, 1, 50),
        ("3", 120, 101, 120),
        ("9", 120, 101, 120),
        ("0", 120, 101, 120),
        ("-1", 120, 1, 50),
        ("x", 120, 1, 50),
        ("9" * 40, 120, 1, 50),
        ("٣", 120, 1, 50),
        ("1", 0, 0, 0),
    ],
)
def test_pages(number: str, rows: int, first: int, last: int) -> None:
    table = tables.page(read(f"/?page={number}"), list(range(rows)))
    assert (table.page.start_index(), table.page.end_index()) == (first, last)


def test_every_row_is_on_exactly_one_page() -> None:
    seen = [
        row
        for n in range(1, 8)
        for row in tables.page(read(f"/?page={n}"), list(range(301))).page.object_list
    ]
    assert seen == list(range(301))


def test_sort_links_turn_around_and_start_rising() -> None:
    headers = tables.page(read("/?sort=name"), []).headers
    assert [(h["direction"], h["following"], h["sortable"]) for h in headers] == [
        ("ascending", "-name", True),
        ("", "seen", True),
        ("", "note", False),
    ]


@given(st.text(), st.text(), st.text(), st.text())
def test_any_address_is_read(search: str, sort: str, number: str, state: str) -> None:
    request = RequestFactory().get("/", {"q": search, "sort": sort, "page": number, "state": state})
    query = tables.read(request, columns=COLUMNS, filters=FILTERS, default_sort="name", search_label="Search")
    assert "\x00" not in query.search
    assert len(query.search) <= tables.LONGEST_SEARCH
    assert query.order_by[-1] == "pk"
    assert tables.page(query, [1, 2, 3]).page.object_list == [1, 2, 3]
