"""Elasticsearch: batches for its bulk API."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import Kind, Sent, Target
from vedette.connectors.elastic import bulk
from vedette.connectors.elastic.ecs import document
from vedette.connectors.elastic.form import ElasticForm
from vedette.connectors.routes import Budget


class ElasticKind(Kind):
    """Sends events to Elasticsearch."""

    name = "elastic"
    title = _("Elasticsearch")
    text = _("The bulk API of Elasticsearch or Elastic Cloud, in the fields of the Elastic Common Schema.")
    icon = "database"
    batch = 200
    form = ElasticForm

    def send(self, target: Target, events: Sequence[Told], budget: Budget) -> Sent:
        """Send events."""
        return bulk.send(target, events, budget)

    def preview(self, target: Target, event: Told) -> str:  # noqa: ARG002 - the document is the same for all
        """Return the document."""
        return msgspec.json.encode(document(event)).decode()

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return address and data stream."""
        return f"{settings['url']} → {settings['data_stream']}"
