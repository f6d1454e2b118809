"""Readings of Microsoft's side: kept with their time, read again when due, asked for, or after arming.

A reading that fails keeps what was read before, with its age and why the last try failed: what is shown is
never newer than it says.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from vedette.connectors.intune.models import IntuneConnector, Reading
from vedette.events.log import Actor, Draft, Target, emit
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants.models import Tenant

CAPABILITIES: Final = "capabilities"
PATIENCE: Final = Patience(attempts=3, seconds=30.0)
RETRY: Final = timedelta(minutes=15)
DAILY: Final = timedelta(hours=24)
HOURLY: Final = timedelta(hours=1)

Reader = Callable[[Graph, uuid.UUID], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """How one kind is read and how often; ``after`` is called with what was read, outside any transaction."""

    read: Reader
    every: timedelta = DAILY
    after: Callable[[uuid.UUID, Mapping[str, Any]], None] | None = None


KINDS: Final[dict[str, Kind]] = {}


@dataclass(frozen=True)
class Known:
    """What is known of one kind; ``read_at`` None means that it was never read."""

    data: Mapping[str, Any] = field(default_factory=dict)
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Tell whether nothing was tried yet."""
        return self.tried_at is None


def known(kind: str) -> Known:
    """Return what was last read; inside the tenant's door."""
    row = Reading.objects.filter(kind=kind).first()
    return Known(row.data, row.read_at, row.tried_at, row.problem) if row else Known()


def due(now: datetime) -> list[uuid.UUID]:
    """Name the connected tenants with something to read; inside the system's door."""
    consented = Tenant.objects.filter(status=Tenant.Status.CONSENTED).values("id")
    working = IntuneConnector.objects.filter(
        saved_at__isnull=False, last_heartbeat_at__isnull=False, tenant_id__in=consented
    )
    fresh = Reading.objects.filter(next_at__gt=now, kind__in=list(KINDS)).values_list("tenant_id", "kind")
    counts: dict[uuid.UUID, int] = {}
    for tenant_id, _kind in fresh:
        counts[tenant_id] = counts.get(tenant_id, 0) + 1
    return [
        tenant_id
        for tenant_id in working.values_list("tenant_id", flat=True)
        if counts.get(tenant_id, 0) < len(KINDS)
    ]


def read_due(tenant_id: uuid.UUID) -> list[str]:
    """Read what is due; return the kinds that were tried."""
    now = clock.now()
    with database.tenant(tenant_id):
        fresh = set(Reading.objects.filter(next_at__gt=now).values_list("kind", flat=True))
    tried = [kind for kind in KINDS if kind not in fresh]
    for kind in tried:
        read(tenant_id, kind)
    return tried


def read(tenant_id: uuid.UUID, kind: str) -> Known:
    """Read one kind now and store it; a failure is stored beside what was read before."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    how = KINDS[kind]
    try:
        data = how.read(Graph(entra_tenant_id, patience=PATIENCE), tenant_id)
    except GraphError as error:
        problem = {
            "status": error.status,
            "code": error.code,
            "message": str(error),
            "request_id": error.request_id,
        }
        # A permission that is missing does not come by asking often.
        again = how.every if error.status == HTTPStatus.FORBIDDEN else RETRY
        return _store(tenant_id, kind, {"problem": problem}, again)
    except TokenError as error:
        return _store(tenant_id, kind, {"problem": {"code": error.name, "message": str(error)}}, RETRY)
    found = _store(tenant_id, kind, {"problem": {}, "data": data, "read_at": clock.now()}, how.every)
    if how.after:
        how.after(tenant_id, data)
    return found


def ask(tenant_id: uuid.UUID, actor: Actor, *kinds: str) -> None:
    """Have kinds (all, when none is named) read as soon as a worker is free, because somebody asked for it."""
    with database.writer(tenant_id):
        emit(
            Draft("connector.reading_requested", actor=actor, target=Target("connector", "intune", "Intune"))
        )
        make_due(*kinds)


def make_due(*kinds: str) -> None:
    """Let kinds be read at the next opportunity; inside the tenant's door."""
    Reading.objects.filter(kind__in=kinds or list(KINDS)).update(next_at=None)


def _store(tenant_id: uuid.UUID, kind: str, values: Mapping[str, Any], every: timedelta) -> Known:
    now = clock.now()
    with database.tenant(tenant_id):
        row, _made = Reading.objects.update_or_create(
            tenant_id=tenant_id, kind=kind, defaults={**values, "tried_at": now, "next_at": now + every}
        )
    return Known(row.data, row.read_at, row.tried_at, row.problem)
