"""The words for what was read of rules, demands and connectors, by the codes of `rules_read`."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from vedette.connectors.intune.words import Text

NOTES: Final[Mapping[str, Text]] = {
    "unsure": _(
        "Whether it blocks depends on other attributes of the device too, which Vedette does not judge."
    ),
    "nobody_excluded": _("It excludes nobody: leave your emergency (break-glass) accounts out."),
    "blocks_secured": _("It blocks phones that are fine (mtd:secured)."),
    "gap": _("It blocks a lower level and lets a higher one in."),
    "silent_let_in": _("It lets phones in that have fallen silent (mtd:disconnected)."),
    "enrollment_apps": _(
        "It does not exclude Microsoft Intune and Microsoft Intune Enrollment: nobody new can enroll."
    ),
    "computers_too": _("It is not limited to Android and iOS: without a value, computers are blocked too."),
    "some_phones": _("It does not cover both Android and iOS."),
    "some_apps": _("It covers some apps only."),
    "some_people": _("It does not cover every enrollment group."),
    "no_block": _("It looks at the attribute and does not block; another rule has to."),
    "other_attribute": _("It compares another extension attribute with our values: it never sees a state."),
}
STATES: Final = {
    "enabled": (_("On"), "success", "circle-check"),
    "report_only": (_("Report-only"), "warning", "eye"),
    "off": (_("Off"), "neutral", "player-pause"),
}
PARTNER_STATES: Final = {
    "unavailable": (_("Unavailable"), "neutral"),
    "available": (_("Available"), "info"),
    "enabled": (_("Enabled"), "success"),
    "unresponsive": (_("Unresponsive"), "danger"),
    "notSetUp": (_("Not Set Up"), "neutral"),
    "error": (_("Error"), "danger"),
}
"""Intune's `partnerState` (microsoft.md 1.4)."""
REQUIRED: Final[Mapping[str, Text]] = {
    "secured": _("Secured"),
    "low": _("Low"),
    "medium": _("Medium"),
    "high": _("High"),
}
