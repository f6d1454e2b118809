"""The words of the connector's pages: reasons, states and parts, by the codes that are stored."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

UNSUPPORTED: Final[Mapping[str, Text]] = {
    "platform": _("Neither Android nor iOS"),
    "disabled": _("Disabled in Entra"),
    "not_in_intune": _("Not enrolled in Intune"),
    "os_too_old": _("Operating system too old"),
    "not_seen": _("Not seen for too long"),
    "replaced": _("Registered anew since: another entry stands for this phone"),
}
MEND: Final[Mapping[str, Text]] = {
    "platform": _("Nothing to do: Vedette protects phones and tablets."),
    "disabled": _("Enable the device in Entra if it is still in use."),
    "not_in_intune": _("Enroll it in Intune, or protect every registered device (Enrollment management)."),
    "os_too_old": _("Update it, or lower the oldest version (Enrollment management)."),
    "not_seen": _("Open a company app on it, or raise the number of days (Enrollment management)."),
    "replaced": _("Delete the stale device in Entra when you tidy up."),
}
SOURCES: Final[Mapping[str, Text]] = {
    "heartbeat": _("Heartbeat"),
    "poll": _("Reading the directory"),
    "attribute": _("Writing to devices"),
    "partner": _("Handing over health reports"),
    "credential": _("The application at Entra"),
    "partners": _("Threat-defense partners"),
    "check_ins": _("Check-ins of phones"),
    "reports": _("Judging reports"),
    "state_sync": _("State sync"),
    "no_feeds": _("Threat intelligence"),
    "feeds": _("Threat intelligence"),
    "upload": _("Outcome of health reports"),
    "calls_identity": _("Calls to the directory"),
    "calls_intune": _("Calls to Intune"),
    "calls_policy": _("Calls to conditional access"),
    "calls_tokens": _("Tokens from Entra"),
}
TROUBLE: Final[Mapping[str, Text]] = {
    "unresponsive": _("Microsoft does not answer"),
    "error": _("The connector does not work"),
    "unavailable": _("Microsoft no longer lets Vedette in"),
}
CONSEQUENCES: Final[Mapping[str, Text]] = {
    "unresponsive": _("States are kept and sent when it answers again; until then rules see the last value."),
    "error": _("Until this is mended, new states may not reach Microsoft: rules see the last value."),
    "unavailable": _("Nothing is read or written any more: rules at Microsoft see the last value."),
}
INCOMPLETE: Final = _(
    "Device status and threat status are both needed: with one of them off, a rule at Microsoft sees only half of "
    "the states."
)
STEPS: Final = (
    ("access", _("Token")),
    ("read", _("Reading the directory")),
    ("intune", _("Reading Intune")),
    ("write", _("Writing to devices")),
)
