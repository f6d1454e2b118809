"""Finds the tenant and the application a request speaks of, or says as Entra does that there is none."""

import re
from collections.abc import Iterable
from uuid import UUID

from vedette_lab.app_model import AppRegistration
from vedette_lab.directory import User
from vedette_lab.entra.errors import EntraError
from vedette_lab.model import Cloud, Tenant

ANY_ORGANISATION = frozenset({"common", "organizations"})
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def tenant_of(cloud: Cloud, key: str) -> Tenant | None:
    """Return the tenant of the path, None for `common` and `organizations`. EntraError 90002 when unknown."""
    if key.lower() in ANY_ORGANISATION:
        return None
    found = cloud.tenant(key)
    if found is None:
        raise EntraError(90002, tenant=key)
    return found


def app_of(cloud: Cloud, client_id: str | None, tenant: Tenant | None) -> AppRegistration:
    """Return the application. EntraError 900144 (missing), 700038 (no id at all) or 700016 (not here)."""
    if not client_id:
        raise EntraError(900144, parameter="client_id")
    if not _GUID.fullmatch(client_id) or UUID(client_id).int == 0:
        raise EntraError(700038, client_id=client_id)
    app = cloud.apps.get(client_id.lower())
    stranger = (
        app is not None and tenant is not None and not app.multi_tenant and app.home_tenant != tenant.id
    )
    if app is None or stranger:
        raise EntraError(700016, client_id=client_id, tenant=tenant.name if tenant else "common")
    return app


def user_by_name(tenants: Iterable[Tenant], name: str) -> tuple[Tenant, User] | None:
    """Find an account by its user principal name."""
    for tenant in tenants:
        user = tenant.directory.user(name.strip())
        if user is not None:
            return tenant, user
    return None
