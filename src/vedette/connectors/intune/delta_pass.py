"""A pass by deltas: what may have changed since the last pass is looked at one by one, live (D1).

Graph says which groups, people and devices changed, Intune which devices synchronised. Nothing of what such an
answer *says* is written down: it may be repeated or older than what we know (microsoft.md 2.7). It says whom to
look at; what is true is asked then. So order and repetition do not matter, and a round that is interrupted is
simply told again.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vedette.connectors import entra_groups
from vedette.connectors.intune.delta_look import Look
from vedette.connectors.intune.eligibility import NOT_SEEN, Limits
from vedette.connectors.intune.entra_devices import (
    INTUNE_PAGE,
    MANAGED_FIELDS,
    EntraDevice,
    by_device_id,
    moment,
)
from vedette.connectors.intune.managed_facts import facts_of
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.directory import delta_links, read
from vedette.directory.delta_links import Standing
from vedette.directory.deltas import Touched
from vedette.directory.models import DirectoryDevice
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError

Json = dict[str, Any]
NOT_FOUND: Final = 404
GONE: Final = 410
BAD_REQUEST: Final = 400
EXPIRED: Final = frozenset({"syncStateNotFound", "resyncRequired"})
# Clocks of Microsoft's services differ a little from each other and from ours.
SLACK: Final = timedelta(minutes=2)
DAILY: Final = timedelta(hours=24)
# Looking at one costs about a tenth of a request; reading everything costs one for a thousand.
FEWEST_TO_READ_ALL: Final = 200


class ReadAllError(Exception):
    """Changes alone do not do; `why` is the code of the reason, for the log of passes."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def why_full(standing: Standing | None, scope: str, *, held: bool, now: datetime) -> str:
    """Pure: the code of the first reason for a full pass, or empty when the changes will do.

    `scope` is the digest of groups and limits now; `held` says that a group is missing in Entra.
    """
    if standing is None:
        return "no_links"
    if standing.scope != scope:
        return "settings"
    if held:
        return "group_missing"
    if now - standing.full_at >= DAILY or now < standing.full_at:
        return "daily"
    return ""


def scope_of(wanted: Iterable[EnrollmentGroup], bounds: Limits) -> str:
    """Pure: a digest of what decides who counts, to notice that an administrator changed it."""
    chosen = sorted((str(row.object_id), row.include_nested) for row in wanted)
    return hashlib.sha256(repr((chosen, bounds)).encode()).hexdigest()


def most(known: int) -> int:
    """Pure: how many changes are looked at one by one in a directory that holds so many people and devices."""
    return max(FEWEST_TO_READ_ALL, known // 40)


@dataclass
class Changes:
    """What a pass by deltas found: whom and what to write down, whom and what to take out."""

    people: list[Json] = field(default_factory=list)
    people_gone: set[str] = field(default_factory=set)
    devices: list[EntraDevice] = field(default_factory=list)
    devices_gone: set[str] = field(default_factory=set)
    seen: dict[uuid.UUID, datetime] = field(default_factory=dict)
    """When devices synchronised of which nothing else changed, by object ID."""
    renamed: dict[uuid.UUID, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


@dataclass
class DeltaPass:
    """One round of changes."""

    graph: Graph
    tenant_id: uuid.UUID
    standing: Standing
    wanted: Sequence[EnrollmentGroup]
    _touched: Touched = field(default_factory=Touched)
    _unknown: set[str] = field(default_factory=set)
    """Entra device IDs of which Intune told and that the directory does not hold."""
    _changes: Changes = field(default_factory=Changes)
    _limit: int = 0

    def read(self) -> Changes:
        """Ask what changed and look at it. Raises ReadAllError, GraphError, TokenError, KeyError, ValueError."""
        for kind in delta_links.KINDS:
            self._round(kind)
        self._synchronised()
        if self._touched.regrouped:
            raise ReadAllError("groups_nested")
        if self._touched or self._unknown:
            self._look()
        return self._changes

    def _round(self, kind: str) -> None:
        link = ""
        try:
            for page in self.graph.answers(self.standing.links[kind]):
                self._take(kind, page["value"])
                link = page.get("@odata.deltaLink", link)
        except GraphError as error:
            if is_expired(error):
                raise ReadAllError("link_expired") from error
            raise
        if not link:
            raise GraphError(
                200, "unreadable", f"{kind}/delta ended without a link", self.graph.last_request_id
            )
        self._changes.links[kind] = link

    def _take(self, kind: str, items: Iterable[Json]) -> None:
        if kind == delta_links.GROUPS:
            self._touched.take_groups(items, self.standing.groups)
        elif kind == delta_links.USERS:
            self._touched.take_users(items)
        else:
            self._touched.take_devices(items)
        self._stop_at_many()

    def _stop_at_many(self) -> None:
        """Raise ReadAllError when reading everything is cheaper; counting is left for when it may be."""
        count = self._touched.size + len(self._unknown)
        if count <= FEWEST_TO_READ_ALL:
            return
        if not self._limit:
            with database.tenant(self.tenant_id):
                counts = read.counts()
            self._limit = most(counts.users + counts.devices)
        if count > self._limit:
            raise ReadAllError("many_changes")

    def _synchronised(self) -> None:
        """Ask Intune which devices synchronised; the filter is applied again here, since Intune ignores some."""
        since = self.standing.taken_at - SLACK
        after = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for page in self.graph.answers(
            "/deviceManagement/managedDevices",
            filter=f"lastSyncDateTime gt {after}",
            select=MANAGED_FIELDS,
            top=INTUNE_PAGE,
        ):
            newer = [
                item for item in page["value"] if (moment(item.get("lastSyncDateTime")) or since) > since
            ]
            self._compare(by_device_id(newer))
            self._stop_at_many()

    def _compare(self, records: Mapping[str, Json]) -> None:
        """Look at a device whose record says anything but what we hold; of another, only the time is new."""
        with database.tenant(self.tenant_id):
            rows = DirectoryDevice.objects.filter(entra_device_id__in=[uuid.UUID(key) for key in records])
            held = {str(row.entra_device_id): row for row in rows}
            owners = [str(record.get("userId") or "") for record in records.values()]
            people = {str(oid) for oid in read.users(uuid.UUID(oid) for oid in owners if oid)}
        for key, record in records.items():
            row = held.get(key)
            if row is not None and _same(row, record):
                synced = moment(record.get("lastSyncDateTime"))
                if synced and (row.last_sign_in_at is None or synced > row.last_sign_in_at):
                    self._changes.seen[row.object_id] = synced
            elif row is not None:
                self._touched.devices.add(str(row.object_id))
            elif record.get("userId") in people:
                self._unknown.add(key)

    def _look(self) -> None:
        look = Look(self.graph, self.tenant_id, [(row.object_id, row.include_nested) for row in self.wanted])
        found = look.at(self._touched, self._unknown)
        self._changes.people, self._changes.people_gone = found.people, found.people_gone
        self._changes.devices, self._changes.devices_gone = found.devices, found.devices_gone
        for row in (row for row in self.wanted if str(row.object_id) in self._touched.groups):
            name = entra_groups.read_group(self.graph, row.object_id).display_name
            if name != row.display_name:
                self._changes.renamed[row.object_id] = name


def is_expired(error: GraphError) -> bool:
    """Pure: tell whether Graph refuses the link itself; its three forms mean the same (microsoft.md 2.7)."""
    return error.code in EXPIRED or error.status in {BAD_REQUEST, NOT_FOUND, GONE}


def _same(row: DirectoryDevice, record: Mapping[str, Any]) -> bool:
    """Tell whether Intune's record says nothing new but when the device synchronised."""
    if row.unsupported_reason == NOT_SEEN:
        return False
    return (
        row.managed_device_id == (record.get("id") or "")
        and str(row.owner_oid or "") == (record.get("userId") or str(row.owner_oid or ""))
        and row.serial_number == (record.get("serialNumber") or "")
        and row.compliance_state == (record.get("complianceState") or "")
        and row.reported_health == (record.get("partnerReportedThreatState") or "")
        and row.os_version == (record.get("osVersion") or row.os_version)
        and row.managed_facts == facts_of(record)
    )
