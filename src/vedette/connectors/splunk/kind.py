"""Splunk: batches for the HTTP Event Collector."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import Kind, Sent, Target
from vedette.connectors.routes import Budget
from vedette.connectors.splunk import hec
from vedette.connectors.splunk.form import SplunkForm


class SplunkKind(Kind):
    """Sends events to Splunk."""

    name = "splunk"
    title = _("Splunk")
    text = _(
        "The HTTP Event Collector of Splunk Enterprise or Splunk Cloud, with acknowledgement if you want it."
    )
    icon = "chevrons-right"
    batch = 200
    form = SplunkForm

    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:
        """Send events."""
        return hec.send(target, events, budget)

    def preview(self, target: Target, event: Told) -> str:
        """Return the object of one event."""
        return hec.event_of(target, event).decode()

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the collector's address."""
        return str(settings["url"])
