"""The poll (D1): reads the enrollment groups, their people and devices, and enrolls or retires accordingly.

A full pass (full_pass.py) reads everything at least once a day; in between, a pass by deltas (delta_pass.py)
looks at what changed. Network first, then short writing transactions, so that reports of phones are assessed in
between. A poll that meets any error retires nobody: absence is never inferred from an error of ours (design.md
2, rule 7). A group that is gone from Entra is no error, but who was in it cannot be known any more, so nobody is
retired either until an administrator takes the group out.
"""

import logging
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

from django.utils.translation import gettext_noop as _

from vedette.compliance import lifecycle
from vedette.connectors import errors
from vedette.connectors.errors import AT_ONCE, Advice, Problem
from vedette.connectors.intune import outage, read_back
from vedette.connectors.intune.delta_pass import Changes, DeltaPass, ReadAllError, scope_of, why_full
from vedette.connectors.intune.drift import repair
from vedette.connectors.intune.eligibility import NOT_SEEN, Limits
from vedette.connectors.intune.full_pass import Found, FullPass
from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.records import device_record, user_record
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.devices import managed
from vedette.directory import delta_links, read, staging, write
from vedette.directory.delta_links import Standing
from vedette.directory.models import DirectoryDevice, DirectoryPass
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants.models import Tenant

log = logging.getLogger(__name__)

Item = TypeVar("Item")

SOURCE: Final = "poll"
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


@dataclass(frozen=True)
class Task:
    """One poll: what is to be looked at, and by which pass."""

    tenant_id: uuid.UUID
    reading: DirectoryPass
    wanted: Sequence[EnrollmentGroup]
    bounds: Limits
    standing: Standing | None

    @property
    def scope(self) -> str:
        """Return the digest of what decides who counts."""
        return scope_of(self.wanted, self.bounds)


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
        task = Task(tenant_id, reading, wanted, limits(connector), delta_links.standing())
    graph = Graph(entra_tenant_id)
    try:
        found = look(graph, task)
    except GraphError as error:
        return _failed(connector, reading, error.code, str(error), error.advice.next_step)
    except TokenError as error:
        return _failed(connector, reading, error.name, str(error), error.advice.next_step)
    except (KeyError, TypeError, ValueError) as error:
        log.exception("The directory of tenant %s cannot be read", tenant_id)
        return _failed(connector, reading, "unreadable", f"{type(error).__name__}: {error}", _UNREADABLE)
    try:
        polled = (
            _store_changes(connector, task, found)
            if isinstance(found, Changes)
            else _store(connector, task, found)
        )
    except Exception as error:
        log.exception("The directory of tenant %s cannot be written down", tenant_id)
        return _failed(connector, reading, "internal_error", f"{type(error).__name__}: {error}", "")
    try:
        read_back.look(tenant_id, graph)
    except Exception:
        # The poll itself went well; the next one reads back what this one did not.
        log.exception("What was written for tenant %s cannot be read back", tenant_id)
    return polled


def look(graph: Graph, task: Task) -> Found | Changes:
    """Look at what changed, or at everything when that will not do. Raises GraphError or TokenError.

    A full pass writes down what it reads as it goes, and takes nobody out.
    """
    held = any(row.missing_since for row in task.wanted)
    why = why_full(task.standing, task.scope, held=held, now=clock.now())
    if task.standing and not why:
        with database.writer(task.tenant_id):
            write.only_changes(task.reading)
        try:
            return DeltaPass(graph, task.tenant_id, task.standing, task.wanted).read()
        except ReadAllError as error:
            why = error.why
    with database.writer(task.tenant_id):
        write.everything_after_all(task.reading, why)
        # What an interrupted full pass wrote down was told by no change: only another full pass makes it good.
        delta_links.forget()
        staging.clear()
    return FullPass(graph, task.tenant_id, task.reading, task.bounds).read(task.wanted)


def _store(connector: IntuneConnector, task: Task, found: Found) -> Polled:
    """Write down what was found, in batches: each is one transaction that holds the writer's lock.

    A failure between two batches retires nobody: devices leave only after all the others have been written.
    """
    tenant_id, reading = task.tenant_id, task.reading
    with database.writer(tenant_id):
        # A group that was added meanwhile has not been looked at: its people are not gone.
        unread = _groups(EnrollmentGroup.objects.all()) - _groups(task.wanted)
        finished = write.finish_pass(reading, keep_unseen=bool(found.missing or unread))
        staging.clear()
    appeared = _appear(tenant_id)
    left = _leave(connector)
    with database.writer(tenant_id):
        delta_links.begin(found.links, scope=task.scope, groups=found.groups, full_at=reading.started_at)
        _settle(connector, reading, found.renamed, found.missing)
    return Polled(finished.users, finished.devices, appeared, left)


def _store_changes(connector: IntuneConnector, task: Task, found: Changes) -> Polled:
    """Write down what a look at the changes brought; the links move on in the last transaction.

    If anything fails before, the same changes are told again, which does no harm.
    """
    tenant_id, reading, now = task.tenant_id, task.reading, clock.now()
    with database.writer(tenant_id):
        if _groups(EnrollmentGroup.objects.all()) <= _groups(task.wanted):
            write.remove_gone(reading, _uuids(found.people_gone), _uuids(found.devices_gone))
        # Else a group was added meanwhile and has not been asked for: its people are not gone.
        write.store_users(None, [user_record(person) for person in found.people])
        write.store_devices(None, [device_record(device, task.bounds, now) for device in found.devices])
        write.note_synchronised(found.seen)
        managed.note_synchronised(found.seen)
        aged = write.grow_old(now - task.bounds.seen_within, NOT_SEEN)
        changed_any = bool(aged or found.devices or found.devices_gone)
        finished = write.finish_pass(reading, keep_unseen=True, devices_changed=changed_any)
        changed = [*(device.object_id for device in found.devices), *lifecycle.absent()]
        owned = DirectoryDevice.objects.filter(owner_oid__in=_uuids(person["id"] for person in found.people))
        changed += owned.values_list("object_id", flat=True)
    appeared = _appear(tenant_id, changed)
    left = _leave(connector)
    with database.writer(tenant_id):
        delta_links.advance(found.links, reading.started_at)
        _settle(connector, reading, found.renamed, set())
    return Polled(finished.users, finished.devices, appeared, left)


def _settle(
    connector: IntuneConnector,
    reading: DirectoryPass,
    renamed: Mapping[uuid.UUID, str],
    missing: Collection[uuid.UUID],
) -> None:
    """End a poll that went well: groups, drift, errors that are past, when to look again."""
    now = clock.now()
    connector = IntuneConnector.objects.select_for_update().get(pk=connector.pk)
    _note_groups(connector.tenant_id, renamed, missing)
    repair(connector.tenant_id, reading.started_at)
    connector.last_synchronised_at = now
    connector.next_poll_at = _next(connector, reading, now)
    connector.poll_running_since = None
    connector.save(update_fields=["last_synchronised_at", "next_poll_at", "poll_running_since"])


def _uuids(keys: Iterable[str]) -> list[uuid.UUID]:
    return [uuid.UUID(key) for key in keys]


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _appear(tenant_id: uuid.UUID, among: Sequence[uuid.UUID] | None = None) -> int:
    """Bring devices (AMONG these) in line with the directory, by object ID; return how many are new or changed."""
    count, after = 0, uuid.UUID(int=0)
    while among is None or among:
        with database.writer(tenant_id):
            rows = read.supported().filter(object_id__gt=after)
            batch = list((rows if among is None else rows.filter(object_id__in=among))[:BATCH])
            count += len(lifecycle.appear(tenant_id, batch))
        if len(batch) < BATCH:
            break
        after = batch[-1].object_id
    return count


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


def _note_groups(tenant_id: uuid.UUID, renamed: Mapping[uuid.UUID, str], gone: Collection[uuid.UUID]) -> None:
    for object_id, name in renamed.items():
        EnrollmentGroup.objects.filter(object_id=object_id).update(display_name=name)
    EnrollmentGroup.objects.filter(object_id__in=gone, missing_since=None).update(missing_since=clock.now())
    EnrollmentGroup.objects.exclude(object_id__in=gone).update(missing_since=None)
    missing = [_missing(row) for row in EnrollmentGroup.objects.filter(object_id__in=gone)]
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
        staging.clear()
        connector = IntuneConnector.objects.select_for_update().get(pk=connector.pk)
        connector.next_poll_at, connector.poll_running_since = _next(connector, reading, now), None
        connector.save(update_fields=["next_poll_at", "poll_running_since"])
        # People are told of an open circuit as such (outage.py).
        told = None if code == outage.CODE else AT_ONCE
        problem = Problem(SOURCE, code, message, Advice(_UNFINISHED, next_step or _AGAIN, told))
        errors.record(connector.tenant_id, "intune", problem)
    return Polled(error=code)
