"""Changing the ways by group: one place each, audited, with what it sets off."""

import uuid
from collections.abc import Collection
from typing import Any

from vedette.connectors.entra_groups import Group
from vedette.connectors.groups.models import GroupRoute, ListedMember, RiskGroup
from vedette.connectors.groups.settings_read import route_of
from vedette.connectors.groups.wishes import owe
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database


class TakenError(Exception):
    """A level, or the group, belongs to another group of the product already."""


def add_group(tenant_id: uuid.UUID, route: str, group: Group, levels: Collection[str], actor: Actor) -> None:
    """Keep a group from now on. Raises TakenError."""
    with database.writer(tenant_id):
        if RiskGroup.objects.filter(object_id=group.id).exists():
            raise TakenError
        _check_levels(route, levels, None)
        RiskGroup.objects.create(
            tenant_id=tenant_id,
            route=route,
            object_id=group.id,
            display_name=group.display_name,
            levels=sorted(levels),
            added_at=clock.now(),
            added_by=actor.name or actor.id,
        )
        _audit(actor, route, "groups", None, {"group": group.display_name, "levels": sorted(levels)})
        _follow(tenant_id, route)


def set_levels(tenant_id: uuid.UUID, row: RiskGroup, levels: Collection[str], actor: Actor) -> None:
    """Let other states count for a group. Raises TakenError."""
    with database.writer(tenant_id):
        _check_levels(row.route, levels, row)
        RiskGroup.objects.filter(pk=row.pk).update(levels=sorted(levels))
        _audit(actor, row.route, row.display_name, row.levels, sorted(levels))
        _follow(tenant_id, row.route)


def remove_group(tenant_id: uuid.UUID, row: RiskGroup, actor: Actor) -> None:
    """Keep a group no longer: who was put in is taken out; the group itself stays."""
    with database.writer(tenant_id):
        RiskGroup.objects.filter(pk=row.pk).delete()
        ListedMember.objects.filter(group_id=row.object_id).delete()
        _audit(actor, row.route, "groups", {"group": row.display_name, "levels": row.levels}, None)
        _follow(tenant_id, row.route)


def switch(tenant_id: uuid.UUID, route: str, actor: Actor, *, on: bool) -> None:
    """Switch a way on or off; off takes everybody out that was put in."""
    with database.writer(tenant_id):
        row = GroupRoute.objects.select_for_update().get(pk=route_of(tenant_id, route).pk)
        if row.enabled == on:
            return
        row.enabled, row.enabled_at, row.next_look_at = on, clock.now() if on else None, None
        row.save(update_fields=["enabled", "enabled_at", "next_look_at"])
        _audit(actor, route, "enabled", not on, on)
        owe(tenant_id, route)


def spare_administrators(tenant_id: uuid.UUID, route: str, actor: Actor, *, on: bool) -> None:
    """Leave people with access to this console out of groups of people, or not."""
    with database.writer(tenant_id):
        row = GroupRoute.objects.select_for_update().get(pk=route_of(tenant_id, route).pk)
        if row.spare_administrators == on:
            return
        row.spare_administrators = on
        row.save(update_fields=["spare_administrators"])
        _audit(actor, route, "spare_administrators", not on, on)
        owe(tenant_id, route)


def look_now(tenant_id: uuid.UUID, route: str, actor: Actor) -> None:
    """Have the members looked at as soon as a worker is free."""
    with database.writer(tenant_id):
        GroupRoute.objects.filter(tenant_id=tenant_id, route=route).update(next_look_at=None)
        emit(Draft("connector.reading_requested", actor=actor, target=Target("connector", route, route)))


def _check_levels(route: str, levels: Collection[str], row: RiskGroup | None) -> None:
    others = RiskGroup.objects.filter(route=route)
    if row:
        others = others.exclude(pk=row.pk)
    if any(set(other.levels) & set(levels) for other in others):
        raise TakenError


def _follow(tenant_id: uuid.UUID, route: str) -> None:
    owe(tenant_id, route)
    GroupRoute.objects.filter(tenant_id=tenant_id, route=route).update(next_look_at=None)


def _audit(actor: Actor, route: str, what: str, before: Any, after: Any) -> None:
    emit(
        Draft(
            "connector.settings_changed",
            actor=actor,
            target=Target("connector", route, route),
            changes=[change(what, before, after)],
        )
    )
