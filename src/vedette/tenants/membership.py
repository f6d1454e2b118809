"""Which of the console's two groups a person is in, asked of Graph at the moment it matters (A5).

`checkMemberGroups` follows nested groups and needs no list of groups in the token, so neither nesting nor
group overage can lock anybody out (reference/microsoft.md 3.4).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from uuid import UUID

from vedette.foundation.graph import Graph, GraphError, Patience
from vedette.tenants.models import Administrator, Tenant

Access = Administrator.Access
PATIENCE: Final = Patience(attempts=2, seconds=6.0)
"""A person waits for the answer."""


def check(tenant: Tenant, oid: UUID) -> Access | None:
    """Return the access that the person's groups give now; full wins; None in no group.

    Raises GraphError and TokenError: on an error nobody is let in.
    """
    wanted = {str(group) for group in (tenant.full_group_id, tenant.restricted_group_id) if group}
    graph = Graph(tenant.entra_tenant_id, patience=PATIENCE)
    try:
        answer = graph.post(f"/users/{oid}/checkMemberGroups", {"groupIds": sorted(wanted)}, idempotent=True)
    except GraphError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None  # the directory no longer holds this person
        raise
    found = {str(group).lower() for group in answer.get("value", ())} & wanted
    if str(tenant.full_group_id) in found:
        return Access.FULL
    return Access.RESTRICTED if found else None
