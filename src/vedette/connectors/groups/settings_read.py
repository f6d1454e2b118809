"""Reading a tenant's settings of the ways by group; inside the tenant's door."""

import uuid
from collections.abc import Mapping

from vedette.connectors import reserved_groups
from vedette.connectors.groups.desired import Rule
from vedette.connectors.groups.models import GroupRoute, RiskGroup
from vedette.connectors.groups.ways import USER_GROUP
from vedette.connectors.models import SparedPerson
from vedette.tenants.models import Administrator, Tenant


def route_of(tenant_id: uuid.UUID, route: str) -> GroupRoute:
    """Return the way's row, made (off) at first sight."""
    row, _made = GroupRoute.objects.get_or_create(tenant_id=tenant_id, route=route)
    return row


def groups_of(route: str) -> list[RiskGroup]:
    """Return the way's groups, oldest first."""
    return list(RiskGroup.objects.filter(route=route).order_by("added_at", "id"))


def rule_of(tenant_id: uuid.UUID, route: str) -> Rule:
    """Return the settings in the shape that decides.

    A group that means something else by now (access to the console, enrollment) blocks nobody: nobody is put in,
    and whoever was is taken out.
    """
    uses = reserved_groups.uses(Tenant.objects.get(pk=tenant_id))
    row = GroupRoute.objects.filter(tenant_id=tenant_id, route=route).first() or GroupRoute(route=route)
    groups = {
        level: str(group.object_id)
        for group in groups_of(route)
        if group.object_id not in uses
        for level in group.levels
    }
    spared = spared_people(administrators=row.spare_administrators) if route == USER_GROUP else frozenset()
    return Rule(route, row.enabled, groups, spared)


def spared_people(*, administrators: bool) -> frozenset[uuid.UUID]:
    """Return who is never put into a group of people."""
    known = set(SparedPerson.objects.values_list("oid", flat=True))
    if administrators:
        known |= set(Administrator.objects.values_list("oid", flat=True))
    return frozenset(known)


def group_names() -> Mapping[str, str]:
    """Return the groups' names by object ID, as values are written down."""
    return {str(key): name for key, name in RiskGroup.objects.values_list("object_id", "display_name")}
