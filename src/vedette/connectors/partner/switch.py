"""Turning the partner adapter on and off for a tenant; each is an audited act."""

import uuid

from vedette.connectors.partner import receivers
from vedette.connectors.partner.client import PartnerClient
from vedette.connectors.partner.models import PartnerLink
from vedette.connectors.signals import values_stale
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, config, database
from vedette.tenants.models import Tenant


def offered() -> bool:
    """Tell whether this installation offers the adapter: it exists against the lab only."""
    return config.current().partner_simulation


def link_of(tenant_id: uuid.UUID) -> PartnerLink:
    """Return the tenant's link, made when missing; call inside the tenant's door."""
    link, _ = PartnerLink.objects.get_or_create(tenant_id=tenant_id)
    return link


def turn_on(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Provision the tenant at Microsoft's side, then owe every device's health. Raises PartnerError."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    PartnerClient(entra_tenant_id).provision(provisioned=True)
    with database.writer(tenant_id):
        link = link_of(tenant_id)
        link.enabled, link.provisioned_at, link.error = True, clock.now(), ""
        link.save()
        _audit(actor, on=True)
        values_stale.send(None, tenant_id=tenant_id, again=True, device_ids=None)


def turn_off(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Take back what was reported; provisioning is withdrawn, so Intune forgets it all at once."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    PartnerClient(entra_tenant_id).provision(provisioned=False)
    with database.writer(tenant_id):
        link = link_of(tenant_id)
        link.enabled = False
        link.save(update_fields=["enabled"])
        receivers.forget_all(tenant_id)
        _audit(actor, on=False)


def _audit(actor: Actor, *, on: bool) -> None:
    emit(
        Draft(
            "connector.settings_changed",
            actor=actor,
            target=Target("connector", "partner", "Partner adapter"),
            changes=[change("enabled", not on, on)],
        )
    )
