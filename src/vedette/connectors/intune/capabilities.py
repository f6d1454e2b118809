"""Which permissions work: each is tried by a call that changes nothing, and the answer is kept with its time."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vedette.connectors.intune import readings
from vedette.connectors.intune.readings import HOURLY, Kind
from vedette.foundation.graph import Graph
from vedette.tenants import probing, profiles
from vedette.tenants.probing import GRANTED, MISSING, UNKNOWN, Permission
from vedette.tenants.profiles import Profile, Text


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
    return {"permissions": {name: probing.attempt(graph, name) for name in profiles.permissions()}}


def of(data: Mapping[str, Any]) -> list[Capability]:
    """Put what was read beside the profiles."""
    found: Mapping[str, Mapping[str, str]] = data.get("permissions", {})
    return [
        Capability(profile, tuple(probing.read(name, found) for name in profile.permissions))
        for profile in profiles.PROFILES
    ]


def may(name: str) -> bool:
    """Tell whether a permission was found granted; inside the tenant's door."""
    found = readings.known(readings.CAPABILITIES).data.get("permissions", {})
    return bool(found.get(name, {}).get("result") == GRANTED)


readings.KINDS[readings.CAPABILITIES] = Kind(look, HOURLY)
