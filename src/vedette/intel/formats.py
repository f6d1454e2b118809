"""Feed text of any known format to a document."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, get_args

from vedette.intel.apple import read_sofa
from vedette.intel.end_of_life import read_end_of_life
from vedette.intel.exploited import read_kev
from vedette.intel.indicators import Kind
from vedette.intel.maltrail import read_maltrail
from vedette.intel.mvt_index import read_mvt_index
from vedette.intel.osv_android import read_osv
from vedette.intel.recognise import Format, recognise
from vedette.intel.records import read_records, read_table
from vedette.intel.stalkerware import read_csv, read_yaml
from vedette.intel.stix import read_stix
from vedette.intel.tally import Document, ImportFailedError
from vedette.intel.text_list import read_text
from vedette.intel.trackers import read_trackers
from vedette.intel.warning_list import read_warning_list

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
OS_FORMATS: Final = frozenset({"sofa", "osv-android", "kev", "endoflife"})
"""Formats that tell about operating systems instead of listing indicators."""


@dataclass(frozen=True)
class Hints:
    """What a feed's text does not say of itself.

    `untyped`: classification of what the feed gives no type. `family` and `role`: what its values belong to.
    `kind`: what the values of a plain list are. `at`: what ended before is left out.
    """

    untyped: str = ""
    family: str = ""
    role: str = ""
    kind: Kind | None = None
    at: dt.datetime | None = None


NO_HINTS: Final = Hints()
_READERS: Final[Mapping[Format, Callable[[bytes, Hints], Document]]] = MappingProxyType(
    {
        "stix2": lambda text, given: read_stix(text, untyped=given.untyped, at=given.at),
        "stalkerware-yaml": lambda text, given: read_yaml(text, untyped=given.untyped),
        "stalkerware-csv": lambda text, given: read_csv(text, untyped=given.untyped),
        "mvt-index": lambda text, _given: read_mvt_index(text),
        "maltrail": lambda text, given: read_maltrail(
            text, untyped=given.untyped, family=given.family, role=given.role or "c2"
        ),
        "misp-warninglist": lambda text, _given: read_warning_list(text),
        "csv": lambda text, given: read_table(
            text, untyped=given.untyped, family=given.family, role=given.role
        ),
        "records": lambda text, given: read_records(
            text, untyped=given.untyped, family=given.family, role=given.role
        ),
        "text": lambda text, given: read_text(
            text, untyped=given.untyped, family=given.family, kind=given.kind, role=given.role
        ),
        "exodus": lambda text, given: read_trackers(text, untyped=given.untyped),
        "sofa": lambda text, _given: read_sofa(text),
        "osv-android": lambda text, _given: read_osv(text),
        "kev": lambda text, _given: read_kev(text),
        "endoflife": lambda text, given: read_end_of_life(text, at=given.at.date() if given.at else None),
    }
)


def read(
    text: bytes,
    format_: Format | None = None,
    *,
    untyped: str = "",
    at: dt.datetime | None = None,
    hints: Hints | None = None,
) -> Document:
    """Read a feed; the format is recognised when it is not named. Raises ImportFailedError."""
    given = hints or Hints(untyped=untyped, at=at)
    try:
        return _READERS[format_ or recognise(text)](text, given)
    except RecursionError:
        raise ImportFailedError("The text is nested too deeply.") from None
