"""Feed text of any known format to a document."""

import datetime as dt
from typing import Literal

from vedette.intel.stalkerware import read_csv, read_yaml
from vedette.intel.stix import read_stix
from vedette.intel.tally import Document, ImportFailedError

Format = Literal["stix2", "stalkerware-yaml", "stalkerware-csv"]
FORMATS: tuple[Format, ...] = ("stix2", "stalkerware-yaml", "stalkerware-csv")


def recognise(text: bytes) -> Format:
    """Tell the format from the beginning of the text. Raises ImportFailedError."""
    head = text[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        return "stix2"
    first_line = head.split(b"\n", 1)[0].lower()
    if first_line.startswith(b"sha256,"):
        return "stalkerware-csv"
    if any(line.startswith(b"- ") for line in head.splitlines()):
        return "stalkerware-yaml"
    raise ImportFailedError(
        "The format of this text was not recognised. Name it: " + ", ".join(FORMATS) + "."
    )


def read(
    text: bytes, format_: Format | None = None, *, untyped: str = "", at: dt.datetime | None = None
) -> Document:
    """Read a feed; the format is recognised when it is not named. Raises ImportFailedError."""
    format_ = format_ or recognise(text)
    if format_ == "stix2":
        return read_stix(text, untyped=untyped, at=at)
    if format_ == "stalkerware-yaml":
        return read_yaml(text, untyped=untyped)
    return read_csv(text, untyped=untyped)
