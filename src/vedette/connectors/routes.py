"""The routes that states take to other systems; connectors register theirs when Django starts."""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vedette.connectors.claimed import Claimed
from vedette.connectors.errors import Advice
from vedette.connectors.results import Result


@dataclass(frozen=True)
class Budget:
    """Until when a batch may go on: past `deadline` (monotonic) or once `stop` is set, give the rest back."""

    deadline: float
    stop: threading.Event

    @property
    def is_spent(self) -> bool:
        """Tell whether to end now."""
        return self.stop.is_set() or time.monotonic() > self.deadline


class Route(Protocol):
    """One way to tell one other system. Called outside any transaction, one call per tenant at a time."""

    name: str
    connector: str
    batch: int

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], budget: Budget) -> list[Result]:
        """Send claimed deliveries and say what came of each; errors are results, not exceptions."""
        ...

    def advice(self, code: str) -> Advice:
        """Say in words what an error code of a result means."""
        ...


ROUTES: dict[str, Route] = {}


def register(route: Route) -> None:
    """Make a route known to the publisher."""
    ROUTES[route.name] = route
