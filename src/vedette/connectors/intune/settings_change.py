"""Changing the connector's settings: one place each, audited, with what it sets off.

Turning a switch of state sync off, or a platform, withdraws its values: a stale "secured" is never left
behind (C4). `affected` says beforehand how many devices that hits.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.utils.translation import gettext as _

from vedette.compliance.models import DeviceState
from vedette.connectors.entra_groups import Group
from vedette.connectors.intune import enforcement
from vedette.connectors.intune.desired import desired_value
from vedette.connectors.intune.heartbeat import restate
from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.recipes import MINIMUM, admitted_values, blocked_values
from vedette.connectors.intune.settings_read import connector_of, sync_settings
from vedette.connectors.signals import values_stale
from vedette.connectors.state_sync import SyncSettings
from vedette.directory import delta_links
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database

# Settings that change what is owed to devices.
_SYNC_FIELDS: Final = frozenset(
    {"android_enabled", "ios_enabled", "sync_device_status", "sync_threat_status", "attribute_number"}
)
_POLL_FIELDS: Final = frozenset(
    {"poll_minutes", "scope", "minimum_android", "minimum_ios", "seen_within_days", "delete_on_unenrollment"}
)
TARGET: Final = Target("connector", "intune", "Intune")


def save(tenant_id: uuid.UUID, values: Mapping[str, Any], actor: Actor) -> IntuneConnector:
    """Save validated settings; only what differs is written, audited, and acted upon."""
    now = clock.now()
    with database.writer(tenant_id):
        connector = IntuneConnector.objects.select_for_update().get(pk=connector_of(tenant_id).pk)
        changes = [
            change(name, getattr(connector, name), value)
            for name, value in values.items()
            if getattr(connector, name) != value
        ]
        changed = {str(item["attribute"]) for item in changes}
        for name in changed:
            setattr(connector, name, values[name])
        if "heartbeat_minutes" in values and connector.saved_at is None:
            connector.saved_at = now
        if connector.saved_at and (connector.last_heartbeat_at is None or "heartbeat_minutes" in changed):
            connector.next_heartbeat_at = now
        if changed & _POLL_FIELDS:
            connector.next_poll_at = now
        connector.save()
        if changes:
            emit(Draft("connector.settings_changed", actor=actor, target=TARGET, changes=changes))
        restate(connector)
        if changed & _SYNC_FIELDS:
            # Every value moves with the attribute's number, also those that stay the same.
            values_stale.send(None, tenant_id=tenant_id, again="attribute_number" in changed, device_ids=None)
        return connector


def add_group(tenant_id: uuid.UUID, group: Group, *, include_nested: bool, actor: Actor) -> EnrollmentGroup:
    """Add an enrollment group by its object ID; the next poll runs at once."""
    with database.writer(tenant_id):
        nested = (
            EnrollmentGroup.objects.filter(object_id=group.id)
            .values_list("include_nested", flat=True)
            .first()
        )
        row, _created = EnrollmentGroup.objects.update_or_create(
            tenant_id=tenant_id,
            object_id=group.id,
            defaults={
                "display_name": group.display_name,
                "include_nested": include_nested,
                "missing_since": None,
            },
            create_defaults={
                "display_name": group.display_name,
                "include_nested": include_nested,
                "added_at": clock.now(),
                "added_by": actor.name,
            },
        )
        emit(
            Draft(
                "enrollment.group_added",
                actor=actor,
                target=Target("group", str(group.id), group.display_name),
                changes=[
                    change("enrolled", nested is not None, True),  # noqa: FBT003 - from and to
                    change("include_nested", nested, include_nested),
                ],
            )
        )
        _poll_now(tenant_id)
        return row


def remove_group(tenant_id: uuid.UUID, object_id: uuid.UUID, actor: Actor) -> None:
    """Remove an enrollment group; the next poll takes out who is in no other one. Raises DoesNotExist."""
    with database.writer(tenant_id):
        row = EnrollmentGroup.objects.get(object_id=object_id)
        row.delete()
        emit(
            Draft(
                "enrollment.group_removed",
                actor=actor,
                target=Target("group", str(object_id), row.display_name),
                changes=[
                    change("enrolled", True, False),  # noqa: FBT003 - from and to
                    change("include_nested", row.include_nested, None),
                ],
            )
        )
        _poll_now(tenant_id)


def poll_now(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Make the next look at the directory due, because somebody asked for it: at everything, not only changes."""
    with database.writer(tenant_id):
        delta_links.forget()
        emit(Draft("connector.poll_requested", actor=actor, target=TARGET))
        _poll_now(tenant_id)


def note_heartbeat(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Note who asked for a heartbeat; what it finds is the connector's state."""
    with database.writer(tenant_id):
        emit(Draft("connector.heartbeat_requested", actor=actor, target=TARGET))


def _poll_now(tenant_id: uuid.UUID) -> None:
    connector_of(tenant_id)
    IntuneConnector.objects.filter(tenant_id=tenant_id).update(next_poll_at=clock.now())


@dataclass
class Affected:
    """What a change of settings does to phones, by the rules that `recipes` prints for the level in force.

    That level is the one of the tenant's own rule where it is known, else High.

    `shut_out` are admitted by the fail-closed rule now and blocked by it afterwards, because their value is
    gone; `let_in` are blocked by the fail-open rule now and admitted afterwards.
    """

    withdrawn: int = 0
    written: int = 0
    shut_out: int = 0
    let_in: int = 0

    def facts(self) -> list[tuple[str, int]]:
        """Say it in the current language, for a question before the act."""
        return [
            (_("Phones whose value is withdrawn"), self.withdrawn),
            (_("Of these, let in until now and then blocked by a fail-closed rule (-notIn)"), self.shut_out),
            (_("Of these, blocked until now and then let in by a fail-open rule (-in)"), self.let_in),
        ]


def affected(tenant_id: uuid.UUID, **switches: bool) -> Affected:
    """Count what saving SWITCHES would do, by the settings otherwise in force; inside the tenant's door."""
    connector = connector_of(tenant_id)
    before = sync_settings(connector)
    after = _with(before, switches)
    minimum = enforcement.of(connector).minimum or MINIMUM
    blocking, admitted = blocked_values(minimum), admitted_values(minimum)
    found = Affected()
    rows = DeviceState.objects.values_list("told", "device__platform").annotate(count=Count("device_id"))
    for state, platform, count in rows:
        old, new = desired_value(state, platform, before), desired_value(state, platform, after)
        found.withdrawn += count if old and not new else 0
        found.written += count if new and not old else 0
        found.shut_out += count if old in admitted and not new else 0
        found.let_in += count if old in blocking and not new else 0
    return found


def _with(settings: SyncSettings, switches: Mapping[str, bool]) -> SyncSettings:
    platforms = set(settings.platforms)
    for name, platform in (("android_enabled", "ANDROID"), ("ios_enabled", "IOS")):
        if name in switches:
            (platforms.add if switches[name] else platforms.discard)(platform)
    return SyncSettings(
        armed=switches.get("armed", settings.armed),
        platforms=frozenset(platforms),
        device_status=switches.get("sync_device_status", settings.device_status),
        threat_status=switches.get("sync_threat_status", settings.threat_status),
    )
