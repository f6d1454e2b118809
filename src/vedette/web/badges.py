"""Names and colours of states: one table for every page, mail and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vedette.web.errors import Text
from vedette.web.viewer import Tone


@dataclass(frozen=True)
class Badge:
    """What is written, in which tone, with which icon (colour never stands alone)."""

    label: Text
    tone: Tone
    icon: str = ""


# risk levels as stored: verdict.risk.Risk
RISKS: Final[Mapping[int, Badge]] = {
    0: Badge(pgettext_lazy("risk level", "None"), "neutral"),
    1: Badge(pgettext_lazy("risk level", "Advisory"), "info"),
    2: Badge(pgettext_lazy("risk level", "Low"), "warning"),
    3: Badge(pgettext_lazy("risk level", "Medium"), "serious"),
    4: Badge(pgettext_lazy("risk level", "High"), "danger"),
}

STATES: Final[Mapping[str, Badge]] = {
    # a device's state (design.md 4)
    "pending": Badge(pgettext_lazy("device state", "Pending"), "info"),
    "secured": Badge(pgettext_lazy("device state", "Secured"), "success"),
    "low": Badge(pgettext_lazy("device state", "Low risk"), "warning"),
    "medium": Badge(pgettext_lazy("device state", "Medium risk"), "serious"),
    "high": Badge(pgettext_lazy("device state", "High risk"), "danger"),
    "misconfigured": Badge(pgettext_lazy("device state", "Misconfigured"), "serious"),
    "disconnected": Badge(pgettext_lazy("device state", "Disconnected"), "neutral"),
    "deactivated": Badge(pgettext_lazy("device state", "Deactivated"), "neutral"),
    # activation and protection (reference/lookout.md 1.3)
    "activated": Badge(pgettext_lazy("device state", "Activated"), "success"),
    "protected": Badge(pgettext_lazy("device state", "Connected"), "success"),
    # a threat
    "open": Badge(pgettext_lazy("threat status", "Open"), "danger"),
    "resolved": Badge(pgettext_lazy("threat status", "Resolved"), "success"),
    "ignored": Badge(pgettext_lazy("threat status", "Ignored"), "neutral"),
    # a connector (requirement C6: Graph's mobileThreatPartnerTenantState)
    "notSetUp": Badge(pgettext_lazy("connector state", "Not set up"), "neutral"),
    "available": Badge(pgettext_lazy("connector state", "Available"), "info"),
    "enabled": Badge(pgettext_lazy("connector state", "Enabled"), "success"),
    "unresponsive": Badge(pgettext_lazy("connector state", "Unresponsive"), "serious"),
    "error": Badge(pgettext_lazy("connector state", "Error"), "danger"),
    "unavailable": Badge(pgettext_lazy("connector state", "Unavailable"), "neutral"),
    # access and delivery
    "blocked": Badge(_("Blocked"), "danger", "ban"),
    "allowed": Badge(_("Allowed"), "success", "circle-check"),
    "monitor": Badge(_("Monitor mode"), "warning", "eye"),
    "armed": Badge(_("Armed"), "success", "shield-check"),
    "full": Badge(_("Full access"), "info"),
    "restricted": Badge(_("Restricted access"), "neutral"),
    "unknown": Badge(_("Unknown"), "neutral"),
    "ok": Badge(_("OK"), "success"),
    "failed": Badge(_("Failed"), "danger"),
    # on the way to another system (connectors.models.Delivery.Status)
    "due": Badge(pgettext_lazy("delivery status", "Waiting"), "info"),
    "leased": Badge(pgettext_lazy("delivery status", "Being sent"), "info"),
    "sent": Badge(pgettext_lazy("delivery status", "Sent"), "success"),
    "confirmed": Badge(pgettext_lazy("delivery status", "Confirmed"), "success"),
    "completed": Badge(pgettext_lazy("delivery status", "Applied"), "success"),
    "foreign": Badge(pgettext_lazy("delivery status", "Foreign value"), "warning"),
    "dropped": Badge(pgettext_lazy("delivery status", "Not needed"), "neutral"),
}


def risk(level: int) -> Badge:
    """Return the badge of a risk level 0 to 4. Raises KeyError for anything else."""
    return RISKS[int(level)]


def state(name: str) -> Badge:
    """Return the badge of a state; upper-case API values too; unknown names are shown as they are."""
    text = str(name)
    return STATES.get(text) or STATES.get(text.lower()) or Badge(text, "neutral")
