"""One raw value into the tally: normalised, refused with a reason, softened where it is also used for good."""

import datetime as dt
from dataclasses import dataclass

from vedette.intel.certificates import public_key
from vedette.intel.indicators import BadValueError, Indicator, Kind, normal
from vedette.intel.labels import DUAL_USE_NOTE, dual_use
from vedette.intel.tally import Tally

CERTIFICATES = frozenset({Kind.CERTIFICATE_SHA1, Kind.CERTIFICATE_SHA256})


@dataclass(frozen=True)
class Reading:
    """What a feed says about a value."""

    classification: str
    family: str = ""
    role: str = ""
    valid_until: dt.datetime | None = None
    confidence: int | None = None


def enter(tally: Tally, type_: str, kind: Kind, raw: str, reading: Reading) -> None:
    """Take a value, or count why not."""
    try:
        kind, clean = normal(kind, raw)
    except BadValueError as error:
        tally.reject(type_, raw, error)
        return
    if kind in CERTIFICATES and public_key(clean):
        tally.skip(type_, "public signing key")
        return
    softened = kind is Kind.PACKAGE and dual_use(clean)
    tally.take(
        type_,
        Indicator(
            kind,
            clean,
            "RISKWARE" if softened else reading.classification,
            reading.family,
            reading.role,
            DUAL_USE_NOTE if softened else "",
            reading.valid_until,
            reading.confidence,
        ),
    )
