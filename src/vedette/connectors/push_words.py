"""Words for the history of pushes: ways, causes and outcomes."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vedette.connectors.models import Delivery

ROUTES: Final[Mapping[str, Promise]] = {
    "attribute": _("Extension attribute"),
    "partner": _("Partner interface (simulation)"),
    "device_group": _("Group of phones at risk"),
    "user_group": _("Group of people at risk"),
    "sync": _("Check-in asked of Intune"),
    "notify": _("Notification in Company Portal"),
    "revoke": _("Sign-in sessions ended"),
}
CAUSES: Final[Mapping[str, Promise]] = {
    "report": _("A report of the phone"),
    "intelligence": _("New intelligence"),
    "policy": _("Security policy changed"),
    "sweep": _("Silence"),
    "enroll": _("The app was activated"),
    "lifecycle": _("Directory or lifecycle"),
    "administrator": _("An administrator"),
    "release": _("Let in for a time"),
    "simulation": _("Test threat"),
    "brake": _("The brake"),
}
OTHER_CAUSE: Final = _("Settings, a repair, or sent again")
OUTCOMES: Final[Mapping[str, Promise]] = {
    Delivery.Status.CONFIRMED: pgettext_lazy("delivery status", "Confirmed"),
    Delivery.Status.SENT: pgettext_lazy("delivery status", "Sent"),
    Delivery.Status.DUE: pgettext_lazy("delivery status", "Tried again"),
    Delivery.Status.FAILED: pgettext_lazy("delivery status", "Failed"),
    Delivery.Status.FOREIGN: pgettext_lazy("delivery status", "Foreign value"),
    Delivery.Status.DROPPED: pgettext_lazy("delivery status", "Not needed"),
}
