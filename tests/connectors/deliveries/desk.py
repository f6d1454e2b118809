"""What tests do with destinations: make one, write events, tell it, look at what came of it."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.support.world import ADA, World

from vedette.connectors import destination_acts, destination_queue, destination_runner
from vedette.connectors.destination_acts import Wish
from vedette.connectors.destination_events import Told, following
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.models import ConnectorError
from vedette.events.log import Draft, Target, emit_all
from vedette.events.models import Event
from vedette.foundation import clock, database

TYPES = ("THREAT", "DEVICE", "AUDIT")


@dataclass
class Desk:
    """One tenant's destinations."""

    world: World

    @property
    def tenant_id(self) -> uuid.UUID:
        return self.world.tenant_id

    def destination(
        self, kind: str, settings: dict[str, Any], secrets: dict[str, str], **more: Any
    ) -> Destination:
        given: dict[str, Any] = {
            "name": f"{kind} {uuid.uuid4().hex[:6]}",
            "types": TYPES,
            "level": 0,
            "groups": [],
        }
        wish = Wish(**(given | more), settings=settings, secrets=secrets)
        row, _secret = destination_acts.create(self.tenant_id, kind, wish, ADA)
        # its own making is an event; tests begin behind it
        self.change(row, position=self.head())
        return self.fresh(row)

    def webhook(self, url: str, *, template: str = "json", **more: Any) -> Destination:
        return self.destination("webhook", {"template": template, "host": "x"}, {"url": url}, **more)

    def happen(self, count: int = 1, **more: Any) -> list[Event]:
        """Write so many events of the audit trail."""
        given: list[dict[str, Any]] = [
            {"action": f"policy.test_{number}", "actor": ADA} for number in range(count)
        ]
        drafts = [Draft(**(each | more)) for each in given]
        with database.writer(self.tenant_id):
            return emit_all(drafts)

    def threat(self, risk: int = 4, device: object = None, status: str = "open") -> Event:
        """Write an event about a threat that has no row (any more)."""
        (event,) = self.happen(
            action=f"threat.{status}",
            type="THREAT",
            target=Target("threat", str(uuid.uuid4()), "A bad app"),
            changes=[{"attribute": "status", "from": None, "to": status}],
            detail={"device_id": str(device or uuid.uuid4()), "classification": "TROJAN", "risk": risk},
        )
        return event

    def tell(self, row: Destination) -> None:
        """Do what the runner does in a destination's turn."""
        destination_runner.deliver_due(self.tenant_id, row.pk)

    def due(self) -> set[uuid.UUID]:
        return {item.destination_id for item in destination_queue.due()}

    def fresh(self, row: Destination) -> Destination:
        with database.tenant(self.tenant_id):
            return Destination.objects.get(pk=row.pk)

    def change(self, row: Destination, **values: Any) -> None:
        with database.tenant(self.tenant_id):
            Destination.objects.filter(pk=row.pk).update(**values)

    def again(self, row: Destination) -> None:
        """End the pause after a failure, then tell."""
        self.change(row, due_at=clock.now() - timedelta(seconds=1))
        self.tell(row)

    def head(self) -> int:
        with database.tenant(self.tenant_id):
            return Event.objects.order_by("-position").values_list("position", flat=True)[0]

    def letters(self, row: Destination) -> list[DeadLetter]:
        with database.tenant(self.tenant_id):
            return list(DeadLetter.objects.filter(destination=row).order_by("position"))

    def errors(self) -> list[ConnectorError]:
        with database.tenant(self.tenant_id):
            return list(ConnectorError.objects.filter(resolved_at=None).order_by("code"))

    def told(self, row: Destination) -> Sequence[Told]:
        """What a destination would be told from where it stands."""
        with database.tenant(self.tenant_id):
            return following(self.fresh(row), 500).events


@contextmanager
def worker_that_dies() -> Iterator[None]:
    """Lose what came of telling: the worker is killed between the network and the database."""
    kept = destination_queue.settle

    def die(*_arguments: Any) -> bool:
        raise SystemExit("killed")

    destination_queue.settle = die  # type: ignore[assignment] # only for this block
    try:
        yield
    finally:
        destination_queue.settle = kept
