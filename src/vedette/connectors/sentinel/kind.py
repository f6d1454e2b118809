"""Microsoft Sentinel: batches for a data collection rule."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import Kind, Sent, Target
from vedette.connectors.routes import Budget
from vedette.connectors.sentinel import ingestion
from vedette.connectors.sentinel.columns import COLUMNS, row
from vedette.connectors.sentinel.form import SentinelForm


class SentinelKind(Kind):
    """Sends events to Microsoft Sentinel."""

    name = "sentinel"
    title = _("Microsoft Sentinel")
    text = _("A table of your Log Analytics workspace, by the Logs Ingestion API of Azure Monitor.")
    icon = "cloud-up"
    batch = 500
    form = SentinelForm

    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:
        """Send events."""
        return ingestion.send(target, events, budget)

    def preview(self, target: Target, event: Told) -> str:  # noqa: ARG002 - the row is the same for all
        """Return the row."""
        return msgspec.json.encode(row(event)).decode()

    def handout(self) -> str:
        """Return the declaration of the stream, for the data collection rule."""
        columns = ",\n".join(f'      {{"name": "{name}", "type": "{kind}"}}' for name, kind in COLUMNS)
        return f'"streamDeclarations": {{\n  "Custom-Vedette_CL": {{\n    "columns": [\n{columns}\n    ]\n  }}\n}}'

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return endpoint and stream."""
        return f"{settings['endpoint']} → {settings['stream']}"
