from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.web import exports


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Pixel 9", "Pixel 9"),
        ("=1+1", "'=1+1"),
        ("+33 1 23", "'+33 1 23"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", "'\t=1+1"),
        ("\r=1+1", "'\r=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (-12, "-12"),
        (-0.5, "-0.5"),
        (True, "True"),
        (None, ""),
        (datetime(2026, 11, 22, 1, 2, 3, 456, tzinfo=UTC), "2026-11-22T01:02:03+00:00"),
    ],
)
def test_a_cell_is_never_a_formula(value: object, written: str) -> None:
    assert exports.cell(value) == written


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)
    )
)
def test_what_is_written_reads_back_and_holds_no_formula(rows: list[list[str]]) -> None:
    text = "".join(exports.lines(["a", "b"], rows)).removeprefix(exports.BYTE_ORDER_MARK)
    back = list(csv.reader(io.StringIO(text, newline="")))
    assert len(back) == len(rows) + 1
    for row in back:
        assert not any(value.lstrip(" ").startswith(exports.TRIGGERS) for value in row)


def test_rows_are_read_while_the_answer_is_sent() -> None:
    read: list[int] = []

    def rows() -> Iterator[list[int]]:
        for number in range(3):
            read.append(number)
            yield [number]

    response = exports.csv_response("devices.csv", ["number"], rows)
    assert read == []
    assert b"".join(response.streaming_content).decode("utf-8-sig") == "number\r\n0\r\n1\r\n2\r\n"  # type: ignore[arg-type]  # not async
    assert response["Content-Disposition"] == 'attachment; filename="devices.csv"'
