"""`GET /mra/api/v2/smishing-alerts`: always empty, because the content of text messages is never collected.

The parameters are read all the same, so that a wrong one is explained as everywhere.
"""

from typing import Final

import msgspec

from vedette.api.mobile_risk.answers import ProblemError
from vedette.api.mobile_risk.devices import PLATFORMS
from vedette.api.mobile_risk.parameters import Parameters, wrong

ALERT_TYPES: Final = frozenset({"URL_DETECTION", "FRAUD_DETECTION"})
CATEGORIES: Final = frozenset(
    {
        "UNKNOWN_URL_CATEGORY",
        "EMBEDDED_PHISHING_URL",
        "MALICIOUS_CONTENT",
        "UNKNOWN_FRAUD_CATEGORY",
        "CEO_FRAUD",
    }
)


class Alerts(msgspec.Struct):
    """v2.GetSmishingAlertsResponse."""

    count: int
    smishing_alerts: list[object]


def several(parameters: Parameters) -> Alerts:
    """Answer that there are none."""
    parameters.limit()
    parameters.guid("oid")
    parameters.guid("device_guid")
    parameters.choice("platform", PLATFORMS)
    parameters.since_timeframe()
    parameters.choice("alert_type", ALERT_TYPES)
    named = parameters.text("categories") or ""
    if {word.strip().upper() for word in named.split(",") if word.strip()} - CATEGORIES:
        raise wrong("categories", named, "of " + ", ".join(sorted(CATEGORIES)) + ", divided by commas")
    return Alerts(0, [])


def one(guid: str) -> object:
    """Answer that there is no such alert. Raises ProblemError 404."""
    raise ProblemError(404, f"There is no smishing alert {guid:.40}.", "NOT_FOUND")
