"""The routes that states take to other systems; connectors register theirs when Django starts."""

import uuid
from collections.abc import Sequence
from typing import Protocol

from vedette.connectors.deliver import Result
from vedette.connectors.models import Delivery


class Route(Protocol):
    """One way to tell one other system. Called outside any transaction, one call per tenant at a time."""

    name: str
    batch: int

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Delivery]) -> list[Result]:
        """Send claimed deliveries and say what came of each; errors are results, not exceptions."""
        ...


ROUTES: dict[str, Route] = {}


def register(route: Route) -> None:
    """Make a route known to the publisher."""
    ROUTES[route.name] = route
