"""Pure: feed text to immutable indicator index; reports what it could not read."""

from vedette.intel.certificates import public_key
from vedette.intel.formats import FORMATS, Format, read, recognise
from vedette.intel.index import EMPTY, Hit, Index, Source
from vedette.intel.indicators import Indicator, Kind
from vedette.intel.tally import Document, ImportFailedError, Report

__all__ = [
    "EMPTY",
    "FORMATS",
    "Document",
    "Format",
    "Hit",
    "ImportFailedError",
    "Index",
    "Indicator",
    "Kind",
    "Report",
    "Source",
    "public_key",
    "read",
    "recognise",
]
