"""A test event: marked as one, sent at once, outside the queue and outside any transaction."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from vedette.connectors import destination_acts, destination_events, destination_send
from vedette.connectors.destination_health import trouble_of
from vedette.connectors.destination_models import Destination
from vedette.connectors.errors import Shown
from vedette.connectors.routes import Budget
from vedette.events.log import Actor
from vedette.foundation import clock
from vedette.foundation.ids import new_id

SECONDS: Final = 20.0


@dataclass(frozen=True)
class Tried:
    """What came of a test: what the receiver answered, or why it did not take the event."""

    answer: str
    trouble: Shown | None


def test(row: Destination, actor: Actor) -> Tried:
    """Send a test event to a destination, on or off; whoever asks waits for it."""
    event = destination_events.test_event(row.tenant_id, clock.now(), new_id(), actor.name or actor.id)
    budget = Budget(time.monotonic() + SECONDS, threading.Event())
    sent = destination_send.send(row, [event], budget)
    why = sent.trouble or sent.refused.get(0)
    destination_acts.note_test(row.tenant_id, row, actor, told=why is None)
    return Tried(sent.answer, trouble_of(why.code, why.error) if why else None)
