"""Checking the audit trails of all tenants."""

from vedette.events.log import Verdict, verify
from vedette.events.models import Event
from vedette.foundation import database
from vedette.tenants.models import Tenant


def verify_all() -> dict[str, Verdict]:
    """Follow each tenant's chain through that tenant's own door."""
    with database.system():
        tenants = list(Tenant.objects.order_by("created_at").values_list("id", "name"))
    results = {}
    for tenant_id, name in tenants:
        with database.tenant(tenant_id):
            rows = Event.objects.filter(type=Event.Type.AUDIT).order_by("position").iterator()
            results[f"{name} ({tenant_id})"] = verify(rows)
    return results
