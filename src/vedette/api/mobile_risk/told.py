"""Events for deliveries to other systems, in the same words as the stream's."""

from collections.abc import Sequence
from typing import Any

import msgspec

from vedette.api.mobile_risk import event_rows
from vedette.events.reading import Logged
from vedette.foundation import at_once


def shaped(events: Sequence[Logged]) -> list[dict[str, Any]]:
    """Tell events as models.Event of version 2, as JSON values; inside their tenant's door."""
    known = at_once.run(event_rows.look_up(at_once.borrowed(), events))
    found: list[dict[str, Any]] = [msgspec.to_builtins(event_rows.as_event(event, known)) for event in events]
    return found
