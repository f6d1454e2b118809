"""People who are never acted on as people: put into no group, signed out of nothing (microsoft.md 4.7, 6)."""

import uuid

from vedette.connectors.models import SparedPerson
from vedette.connectors.signals import values_stale
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database


def add(tenant_id: uuid.UUID, oid: uuid.UUID, upn: str, name: str, actor: Actor) -> bool:
    """Leave somebody out from now on; False when they are already."""
    with database.writer(tenant_id):
        if SparedPerson.objects.filter(oid=oid).exists():
            return False
        SparedPerson.objects.create(
            tenant_id=tenant_id,
            oid=oid,
            upn=upn,
            display_name=name,
            added_at=clock.now(),
            added_by=actor.name or actor.id,
        )
        _follow(tenant_id, oid, upn, actor, spared=True)
        return True


def remove(tenant_id: uuid.UUID, row: SparedPerson, actor: Actor) -> None:
    """Treat somebody as everybody else again."""
    with database.writer(tenant_id):
        SparedPerson.objects.filter(pk=row.pk).delete()
        _follow(tenant_id, row.oid, row.upn, actor, spared=False)


def is_spared(oid: uuid.UUID) -> bool:
    """Tell whether somebody is left out; inside the tenant's door."""
    return SparedPerson.objects.filter(oid=oid).exists()


def _follow(tenant_id: uuid.UUID, oid: uuid.UUID, upn: str, actor: Actor, *, spared: bool) -> None:
    values_stale.send(None, tenant_id=tenant_id, again=False, device_ids=None)
    emit(
        Draft(
            "connector.person_spared" if spared else "connector.person_not_spared",
            actor=actor,
            target=Target("person", str(oid), upn),
            changes=[change("spared", not spared, spared)],
        )
    )
