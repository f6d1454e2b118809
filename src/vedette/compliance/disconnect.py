"""Disconnecting a tenant cleanly: everything written to Microsoft is withdrawn first (requirement A7).

`begin` goes back to Monitor mode, which owes the withdrawal of every value on every route; the connectors
finish when nothing of ours is left. `reconnect` lets a Global Administrator consent anew.
"""

from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import mode, signals
from vedette.compliance.lifecycle import Refused
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant


def begin(tenant_id: UUID, typed_name: str, actor: Actor) -> None:
    """Withdraw everything, if the typed name is the tenant's. Raises Refused."""
    with database.writer(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.status in mode.LEAVING:
            raise Refused(gettext("This tenant is being disconnected already, or it is done."))
        if typed_name.strip() != tenant.name:
            raise Refused(gettext("That is not this tenant's name. Type “%(name)s”.") % {"name": tenant.name})
        if not mode.monitor(tenant_id, actor):
            # It only watched: nothing that an earlier time left behind may stay.
            signals.mode_changed.send(sender=Tenant, tenant_id=tenant_id, mode=Tenant.Mode.MONITOR)
        before, by = tenant.status, actor.name or actor.id
        Tenant.objects.filter(id=tenant_id).update(
            status=Tenant.Status.DISCONNECTING, disconnected_by=by, disconnected_at=None
        )
        _audit("tenant.disconnecting", tenant, before, Tenant.Status.DISCONNECTING, actor)


def finish(tenant_id: UUID, actor: Actor, left: int = 0) -> None:
    """Note that it is done; `left` values could not be withdrawn. Raises Refused."""
    with database.writer(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.status != Tenant.Status.DISCONNECTING:
            raise Refused(gettext("This tenant is not being disconnected."))
        Tenant.objects.filter(id=tenant_id).update(
            status=Tenant.Status.DISCONNECTED, disconnected_at=clock.now()
        )
        _audit("tenant.disconnected", tenant, tenant.status, Tenant.Status.DISCONNECTED, actor, left)


def reconnect(tenant_id: UUID, actor: Actor) -> None:
    """Let the tenant connect again: it watches, once a Global Administrator has consented anew. Raises Refused."""
    with database.writer(tenant_id):
        tenant = _locked(tenant_id)
        if tenant.status not in mode.LEAVING:
            raise Refused(gettext("This tenant is not disconnected."))
        Tenant.objects.filter(id=tenant_id).update(
            status=Tenant.Status.INVITED, disconnected_at=None, disconnected_by=""
        )
        _audit("tenant.reconnected", tenant, tenant.status, Tenant.Status.INVITED, actor)


def under_way() -> list[UUID]:
    """List the tenants that are being disconnected."""
    with database.system():
        return list(Tenant.objects.filter(status=Tenant.Status.DISCONNECTING).values_list("id", flat=True))


def _locked(tenant_id: UUID) -> Tenant:
    return Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)


def _audit(action: str, tenant: Tenant, before: str, after: str, actor: Actor, left: int = 0) -> None:
    emit(
        Draft(
            action=action,
            actor=actor,
            target=Target("tenant", str(tenant.id), tenant.name),
            changes=[change("connection", str(before), str(after))],
            detail={"values_left": left} if left else {},
        )
    )
