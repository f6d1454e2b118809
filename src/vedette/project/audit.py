"""Checking the audit trails of all tenants."""

from vedette.events.chain import Verdict, verify
from vedette.foundation import database
from vedette.tenants.models import Tenant


def verify_all() -> dict[str, Verdict]:
    """Check each tenant's log through that tenant's own door; by name and GUID."""
    with database.system():
        tenants = list(Tenant.objects.order_by("created_at").values_list("id", "name"))
    results = {}
    for tenant_id, name in tenants:
        with database.tenant(tenant_id):
            results[f"{name} ({tenant_id})"] = verify()
    return results
