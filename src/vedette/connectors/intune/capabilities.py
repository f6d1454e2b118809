"""Which permissions work: each is tried by a call that changes nothing, and the answer is kept with its time."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from vedette.connectors.intune import profiles, readings
from vedette.connectors.intune.profiles import Profile, Text
from vedette.connectors.intune.readings import HOURLY, Kind
from vedette.foundation import config
from vedette.foundation.graph import Graph, GraphError
from vedette.tenants import consent
from vedette.tenants.models import Tenant

GRANTED: Final = "granted"
MISSING: Final = "missing"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Permission:
    """One permission and what its probe found: granted, missing or unknown (with Microsoft's message)."""

    name: str
    result: str
    message: str = ""


@dataclass(frozen=True)
class Capability:
    """A profile as this tenant has it."""

    profile: Profile
    permissions: tuple[Permission, ...]

    @property
    def result(self) -> str:
        """The worst of its permissions."""
        found = {permission.result for permission in self.permissions}
        return next((word for word in (MISSING, UNKNOWN) if word in found), GRANTED)

    @property
    def off(self) -> Text:
        """What does not work because a permission is missing; empty while none is."""
        return self.profile.without if self.result == MISSING else ""


def look(graph: Graph, _tenant_id: uuid.UUID) -> dict[str, Any]:
    """Try every permission with a fresh token. Raises TokenError when there is none."""
    graph.fresh_token()
    return {"permissions": {name: _try(graph, name) for name in profiles.permissions()}}


def _try(graph: Graph, name: str) -> dict[str, str]:
    probe = profiles.PROBES[name]
    try:
        if probe.method == "GET":
            graph.get(probe.path, **probe.options)
        elif probe.method == "POST":
            graph.post(probe.path, dict(probe.body), idempotent=True)
        elif probe.method == "PATCH":
            graph.patch(probe.path, dict(probe.body), idempotent=True)
        else:
            graph.delete(probe.path)
    except GraphError as error:
        if error.status == HTTPStatus.FORBIDDEN:
            return {"result": MISSING}
        # No such object, or nothing in a request that writes: the call itself was let through.
        empty = error.status == HTTPStatus.BAD_REQUEST and probe.method != "GET"
        if error.status == HTTPStatus.NOT_FOUND or empty:
            return {"result": GRANTED}
        return {"result": UNKNOWN, "message": str(error)}
    return {"result": GRANTED}


def of(data: Mapping[str, Any]) -> list[Capability]:
    """Put what was read beside the profiles."""
    found: Mapping[str, Mapping[str, str]] = data.get("permissions", {})
    return [
        Capability(
            profile,
            tuple(
                Permission(
                    name, found.get(name, {}).get("result", UNKNOWN), found.get(name, {}).get("message", "")
                )
                for name in profile.permissions
            ),
        )
        for profile in profiles.PROFILES
    ]


def may(name: str) -> bool:
    """Tell whether a permission was found granted; inside the tenant's door."""
    found = readings.known(readings.CAPABILITIES).data.get("permissions", {})
    return bool(found.get(name, {}).get("result") == GRANTED)


def consent_link(tenant: Tenant) -> str:
    """Return Entra's page for who can grant: it asks for what the registration lists, no less and no more.

    `.default` is the only scope by which application permissions can be asked for (microsoft.md 3.1).
    """
    settings = config.current()
    query = {
        "client_id": settings.client_id or "",
        "scope": f"{settings.graph_url}/.default",
        "redirect_uri": consent.redirect_uri(),
        "state": consent.HANDED_OVER,
    }
    return f"{settings.login_url}/{tenant.entra_tenant_id}/v2.0/adminconsent?{urlencode(query)}"


readings.KINDS[readings.CAPABILITIES] = Kind(look, HOURLY)
