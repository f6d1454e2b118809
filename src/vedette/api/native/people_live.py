"""Looking somebody up in Entra by object ID or sign-in name, before they are invited or left out."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote
from uuid import UUID

from vedette.api.native.problems import Problem
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants.models import Tenant

# Somebody waits for the answer.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
FIELDS: Final = "id,displayName,userPrincipalName,mail"


@dataclass(frozen=True)
class Found:
    """A person as Entra has them now."""

    oid: UUID
    upn: str
    name: str
    email: str


Find = Callable[[UUID, str], Found | None]
"""Of a tenant (by our ID), somebody by object ID or sign-in name; None when there is nobody. Raises Problem."""


def find(tenant_id: UUID, text: str) -> Found | None:
    """Ask Graph; no transaction may be open. Raises Problem when it gives no answer."""
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.values_list("entra_tenant_id", flat=True).get(id=tenant_id)
    try:
        item = Graph(entra_tenant_id, patience=PATIENCE).get(f"/users/{quote(text, safe='')}", select=FIELDS)
    except (GraphError, TokenError) as error:
        if isinstance(error, GraphError) and error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
            return None
        words = f"Microsoft could not be asked: {error.explanation}"
        raise Problem("unavailable", words, next_step=error.next_step) from error
    return Found(
        UUID(item["id"]),
        item.get("userPrincipalName") or "",
        item.get("displayName") or "",
        item.get("mail") or "",
    )


def wanted(find_person: Find, tenant_id: UUID, text: str) -> Found:
    """Return somebody who must be there. Raises Problem."""
    found = find_person(tenant_id, text)
    if found is None:
        raise Problem(
            "refused",
            f"Entra knows nobody called “{text}”.",
            next_step="Send the user principal name or the object ID as Entra shows it.",
        )
    return found
