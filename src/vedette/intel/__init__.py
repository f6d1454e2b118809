"""Pure: feed text to immutable indicator index; reports what it could not read."""

from vedette.intel.certificates import public_key
from vedette.intel.formats import FORMATS, OS_FORMATS, Hints, read
from vedette.intel.index import EMPTY, Hit, Index, Source
from vedette.intel.indicators import ALLOW, ALLOW_BELOW, Indicator, Kind
from vedette.intel.os_table import OsTable
from vedette.intel.recognise import Format, recognise
from vedette.intel.tally import Document, ImportFailedError, Reference, Report

__all__ = [
    "ALLOW",
    "ALLOW_BELOW",
    "EMPTY",
    "FORMATS",
    "OS_FORMATS",
    "Document",
    "Format",
    "Hints",
    "Hit",
    "ImportFailedError",
    "Index",
    "Indicator",
    "Kind",
    "OsTable",
    "Reference",
    "Report",
    "Source",
    "public_key",
    "read",
    "recognise",
]
