"""The poll (D1): reads the enrollment groups, their people and devices, and enrolls or retires accordingly.

Network first, then short writing transactions, so that reports of phones are assessed in between. A poll that
meets any error retires nobody: absence is never inferred from an error of ours (design.md 2, rule 7). A group that
is gone from Entra is no error, but who was in it cannot be known any more, so nobody is retired either until an
administrator takes the group out.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from django.utils.translation import gettext_noop as _

from vedette.compliance import lifecycle
from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.intune import groups
from vedette.connectors.intune.drift import repair
from vedette.connectors.intune.eligibility import Limits
from vedette.connectors.intune.entra_devices import EntraDevice, devices_of_members
from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.records import device_record, user_record
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.directory import read, write
from vedette.directory.models import DirectoryPass
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

Item = TypeVar("Item")

SOURCE: Final = "poll"
NOT_FOUND: Final = 404
# Devices of one transaction: bounds memory, and how long the tenant's other writers wait.
BATCH: Final = 500
_UNFINISHED: Final = _("The directory could not be read to its end, so no device was taken out.")
_AGAIN: Final = _("The next poll tries again by itself.")
_UNREADABLE: Final = _(
    "Report this with the log of the worker: Microsoft's answer is not what Vedette expects."
)
_MISSING: Final = _("The enrollment group %(name)s (%(id)s) is not in Entra any more.")
_HELD: Final = Advice(
    _("Who was in it cannot be known, so no device is taken out until this is settled."),
    _("Restore the group in Entra (within 30 days), or take it out under Enrollment management."),
)


@dataclass
class Reading:
    """Everything one look at the directory brought."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    member_devices: set[str] = field(default_factory=set)
    devices: list[EntraDevice] = field(default_factory=list)
    renamed: dict[uuid.UUID, str] = field(default_factory=dict)
    missing: set[uuid.UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Polled:
    """What a poll changed: devices that appeared as pending, and devices that left."""

    users: int = 0
    devices: int = 0
    appeared: int = 0
    left: int = 0
    error: str = ""


def poll(tenant_id: uuid.UUID) -> Polled:
    """Look at the directory once; the result is written down even when it is an error."""
    with database.tenant(tenant_id):
        connector = connector_of(tenant_id)
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        wanted = list(EnrollmentGroup.objects.order_by("added_at"))
        reading = write.start_pass()
        bounds = limits(connector)
    try:
        found = look(Graph(entra_tenant_id), wanted)
    except GraphError as error:
        return _failed(connector, reading, error.code, str(error), error.advice.next_step)
    except TokenError as error:
        return _failed(connector, reading, error.name, str(error), error.advice.next_step)
    except (KeyError, TypeError, ValueError) as error:
        log.exception("The directory of tenant %s cannot be read", tenant_id)
        return _failed(connector, reading, "unreadable", f"{type(error).__name__}: {error}", _UNREADABLE)
    try:
        return _store(connector, reading, found, wanted, bounds)
    except Exception as error:
        log.exception("The directory of tenant %s cannot be written down", tenant_id)
        return _failed(connector, reading, "internal_error", f"{type(error).__name__}: {error}", "")


def look(graph: Graph, wanted: Sequence[EnrollmentGroup]) -> Reading:
    """Read groups, members and devices. Raises GraphError or TokenError; a group that is gone is no error."""
    found = Reading()
    for row in wanted:
        try:
            group = groups.read_group(graph, row.object_id)
        except GraphError as error:
            if error.status != NOT_FOUND:
                raise
            found.missing.add(row.object_id)
            continue
        if group.display_name != row.display_name:
            found.renamed[row.object_id] = group.display_name
        for member in groups.members(graph, row.object_id, nested=row.include_nested):
            _take(found, member)
    if found.people or found.member_devices:
        found.devices = devices_of_members(graph, found.people, found.member_devices)
    return found


def _take(found: Reading, member: dict[str, Any]) -> None:
    kind = str(member.get("@odata.type", ""))
    if kind.endswith(".user"):
        found.people[member["id"]] = member
    elif kind.endswith(".device"):
        found.member_devices.add(member["id"])


def _store(
    connector: IntuneConnector,
    reading: DirectoryPass,
    found: Reading,
    wanted: Sequence[EnrollmentGroup],
    bounds: Limits,
) -> Polled:
    """Write down what was found, in batches: each is one transaction that holds the writer's lock.

    A failure between two batches retires nobody: devices leave only after all the others have been written.
    """
    tenant_id, now = connector.tenant_id, clock.now()
    for people in _batches(found.people.values()):
        with database.writer(tenant_id):
            write.store_users(reading, [user_record(person) for person in people])
    for devices in _batches(found.devices):
        with database.writer(tenant_id):
            write.store_devices(reading, [device_record(device, bounds, now) for device in devices])
    with database.writer(tenant_id):
        # A group that was added meanwhile has not been looked at: its people are not gone.
        unread = _groups(EnrollmentGroup.objects.all()) - _groups(wanted)
        finished = write.finish_pass(reading, keep_unseen=bool(found.missing or unread))
    appeared = _appear(tenant_id)
    left = _leave(connector)
    with database.writer(tenant_id):
        connector = IntuneConnector.objects.select_for_update().get(pk=connector.pk)
        _note_groups(tenant_id, found)
        repair(tenant_id, reading.started_at)
        connector.last_synchronised_at = now
        connector.next_poll_at = _next(connector, reading, now)
        connector.poll_running_since = None
        connector.save(update_fields=["last_synchronised_at", "next_poll_at", "poll_running_since"])
    return Polled(finished.users, finished.devices, appeared, left)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _appear(tenant_id: uuid.UUID) -> int:
    """Bring devices in line with the directory, in order of object ID; return how many are new or changed."""
    count, after = 0, uuid.UUID(int=0)
    while True:
        with database.writer(tenant_id):
            batch = list(read.supported().filter(object_id__gt=after)[:BATCH])
            count += len(lifecycle.appear(tenant_id, batch))
        if len(batch) < BATCH:
            return count
        after = batch[-1].object_id


def _leave(connector: IntuneConnector) -> int:
    """Take out who is no longer in the directory; return how many."""
    tenant_id = connector.tenant_id
    with database.tenant(tenant_id):
        gone = lifecycle.out_of_scope()
    count = 0
    for part in _batches(gone):
        with database.writer(tenant_id):
            # Who came back since then (a live question at an enrolment) stays.
            leaving = lifecycle.out_of_scope(part)
            connector = IntuneConnector.objects.get(pk=connector.pk)
            deletes = connector.delete_on_unenrollment
            lifecycle.leave(tenant_id, leaving, lifecycle.LEFT_GROUPS, delete=deletes)
        count += len(leaving)
    return count


def _groups(rows: Iterable[EnrollmentGroup]) -> set[tuple[uuid.UUID, bool]]:
    return {(row.object_id, row.include_nested) for row in rows}


def _next(connector: IntuneConnector, reading: DirectoryPass, now: datetime) -> datetime:
    """Say when to look again; a look that was asked for while this one was under way is still owed."""
    asked = connector.next_poll_at
    if asked and asked > reading.started_at:
        return asked
    return now + timedelta(minutes=connector.poll_minutes)


def _note_groups(tenant_id: uuid.UUID, found: Reading) -> None:
    for object_id, name in found.renamed.items():
        EnrollmentGroup.objects.filter(object_id=object_id).update(display_name=name)
    EnrollmentGroup.objects.filter(object_id__in=found.missing, missing_since=None).update(
        missing_since=clock.now()
    )
    EnrollmentGroup.objects.exclude(object_id__in=found.missing).update(missing_since=None)
    missing = [_missing(row) for row in EnrollmentGroup.objects.filter(object_id__in=found.missing)]
    for problem in missing:
        errors.record(tenant_id, "intune", problem)
    errors.passed(tenant_id, "intune", SOURCE, still=[problem.code for problem in missing])


def _missing(row: EnrollmentGroup) -> Problem:
    words = {"name": row.display_name, "id": str(row.object_id)}
    return Problem(SOURCE, f"group_missing:{row.object_id}", _MISSING, _HELD, words=words)


def _failed(
    connector: IntuneConnector, reading: DirectoryPass, code: str, message: str, next_step: str
) -> Polled:
    now = clock.now()
    with database.writer(connector.tenant_id):
        write.fail_pass(reading, code, message)
        connector = IntuneConnector.objects.select_for_update().get(pk=connector.pk)
        connector.next_poll_at, connector.poll_running_since = _next(connector, reading, now), None
        connector.save(update_fields=["next_poll_at", "poll_running_since"])
        problem = Problem(SOURCE, code, message, Advice(_UNFINISHED, next_step or _AGAIN))
        errors.record(connector.tenant_id, "intune", problem)
    return Polled(error=code)
