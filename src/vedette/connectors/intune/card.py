"""The Intune connector's card on the overview page."""

import uuid
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.tabs import is_incomplete, standing_errors
from vedette.connectors.intune.words import INCOMPLETE
from vedette.connectors.overview import Card
from vedette.web.times import relative


def card(tenant_id: uuid.UUID) -> Card:
    """State, last heartbeat, last synchronised, groups."""
    connector = connector_of(tenant_id)
    return Card(
        title=_("Microsoft Intune"),
        text=_(
            "Finds the phones to protect through Entra groups and writes each one's state to its Entra device."
        ),
        icon="brand-windows",
        href=reverse("intune:connection"),
        action=_("Open") if connector.saved_at else _("Set up"),
        state=connector.state,
        facts=[
            (
                _("Last heartbeat"),
                _when(connector.last_heartbeat_at),
            ),
            (
                _("Last synchronised"),
                _when(connector.last_synchronised_at),
            ),
            (_("Enrollment groups"), EnrollmentGroup.objects.count()),
            (_("Errors that nobody has seen"), standing_errors()),
        ],
        incomplete=INCOMPLETE if is_incomplete(connector) else "",
    )


def _when(moment: datetime | None) -> str:
    return relative(moment) if moment else _("Never")
