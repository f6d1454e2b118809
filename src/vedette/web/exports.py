"""Tables as CSV files that a spreadsheet cannot be tricked with."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from django.http import StreamingHttpResponse

# OWASP, CSV injection: a spreadsheet runs a cell that begins with one of these. Some spreadsheets normalise
# the full-width forms to them.
TRIGGERS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK: Final = "\ufeff"


def cell(value: object) -> str:
    """Return one value as text: figures and times as they are, other text never as a formula."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(TRIGGERS) else text


class _Echo:
    """A file whose `write` hands the line back, so that csv can write into a stream."""

    def write(self, line: str) -> str:
        return line


def lines(header: Iterable[object], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180), beginning with a mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + str(writer.writerow([cell(name) for name in header]))
    for row in rows:
        yield str(writer.writerow([cell(value) for value in row]))


def csv_response(
    filename: str, header: Iterable[object], rows: Callable[[], Iterable[Iterable[object]]]
) -> StreamingHttpResponse:
    """Answer with a CSV file, written while it is read.

    `rows` is called when the answer is sent, after the middleware's door has closed: it opens its own door
    (`with database.tenant(id): yield from …`).
    """

    def stream() -> Iterator[str]:
        yield from lines(header, rows())

    response = StreamingHttpResponse(stream(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
