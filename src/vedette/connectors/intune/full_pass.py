"""A full pass over the directory: every member, every device, page by page into the database (D1).

Nothing is kept in memory but the page at hand, so the size of the tenant does not matter. The links by which
later polls ask for changes are taken *before* anything is read: what happens meanwhile is told by them.
"""

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vedette.connectors import entra_groups
from vedette.connectors.intune.eligibility import Limits
from vedette.connectors.intune.entra_devices import (
    DEVICE_FIELDS,
    INTUNE_PAGE,
    MANAGED_FIELDS,
    OWNERS,
    PAGE,
    by_device_id,
    joined,
    key_of,
    owners_of,
)
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.records import device_record, user_record
from vedette.directory import delta_links, staging, write
from vedette.directory.models import DirectoryPass
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError

log = logging.getLogger(__name__)

Json = dict[str, Any]
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
# The filter stands in the address of the first call, whose length is limited; beyond it, it is applied here alone.
MOST_FILTERED: Final = 50
USER_FIELDS: Final = "id,displayName,userPrincipalName,mail,accountEnabled"
SELECTED: Final[Mapping[str, str]] = {
    delta_links.GROUPS: "id,displayName,members",
    delta_links.USERS: USER_FIELDS,
    delta_links.DEVICES: DEVICE_FIELDS,
}


@dataclass
class Found:
    """What a look at the directory brought beside the rows it wrote down."""

    renamed: dict[uuid.UUID, str] = field(default_factory=dict)
    missing: set[uuid.UUID] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    """Enrollment groups and, where these count, the groups inside them."""
    links: dict[str, str] = field(default_factory=dict)
    """Where Graph goes on telling; empty when it does not let us ask for changes."""


@dataclass
class FullPass:
    """One reading of everything."""

    graph: Graph
    tenant_id: uuid.UUID
    reading: DirectoryPass
    bounds: Limits
    found: Found = field(default_factory=Found)
    _anybody: bool = False

    def read(self, wanted: Sequence[EnrollmentGroup]) -> Found:
        """Read groups, members and devices and write them down as seen by this pass.

        Raises GraphError or TokenError, and KeyError, TypeError or ValueError for an answer that makes no
        sense; then nobody may be taken out. A group that is gone is no error.
        """
        present = [row for row in wanted if self._is_there(row)]
        self.found.groups = self._with_nested(present)
        self.found.links = take_links(self.graph, self.found.groups)
        inside = set(self.found.groups)
        for row in present:
            for page in _members(self.graph, row):
                inside |= self._take_members(page)
        if inside != self.found.groups:
            # A group was put into another while we read: its changes would not be told.
            self.found.links = {}
        if self._anybody:
            self._read_devices()
        return self.found

    def _is_there(self, row: EnrollmentGroup) -> bool:
        try:
            group = entra_groups.read_group(self.graph, row.object_id)
        except GraphError as error:
            if error.status != NOT_FOUND:
                raise
            self.found.missing.add(row.object_id)
            return False
        if group.display_name != row.display_name:
            self.found.renamed[row.object_id] = group.display_name
        return True

    def _with_nested(self, present: Iterable[EnrollmentGroup]) -> set[str]:
        known = set()
        for row in present:
            known.add(str(row.object_id))
            if row.include_nested:
                path = f"/groups/{row.object_id}/transitiveMembers/microsoft.graph.group"
                known |= {str(item["id"]) for item in self.graph.pages(path, select="id", consistency=True)}
        return known

    def _take_members(self, page: Sequence[Json]) -> set[str]:
        """Write down the people and note the devices of a page; return the groups in it."""
        kinds: dict[str, list[Json]] = {}
        for member in page:
            kinds.setdefault(str(member.get("@odata.type", "")).rpartition(".")[2], []).append(member)
        people, devices = kinds.get("user", []), kinds.get("device", [])
        self._anybody = self._anybody or bool(people or devices)
        with database.writer(self.tenant_id):
            write.store_users(self.reading, [user_record(person) for person in people])
            staging.put_members(self.reading, [item["id"] for item in devices])
        return {str(item["id"]) for item in kinds.get("group", [])}

    def _read_devices(self) -> None:
        for page in self.graph.answers(
            "/deviceManagement/managedDevices", select=MANAGED_FIELDS, top=INTUNE_PAGE
        ):
            with database.writer(self.tenant_id):
                staging.put_managed(self.reading, by_device_id(page["value"]))
        for page in self.graph.answers("/devices", select=DEVICE_FIELDS, expand=OWNERS, top=PAGE):
            self._take_devices(page["value"])

    def _take_devices(self, items: Sequence[Json]) -> None:
        now = clock.now()
        with database.writer(self.tenant_id):
            managed = staging.managed(self.reading, [key_of(item.get("deviceId")) for item in items])
            people = staging.people(self.reading, owners_of(items, managed))
            members = staging.members(self.reading, [item["id"] for item in items])
            devices = joined(items, managed, people, members)
            write.store_devices(self.reading, [device_record(one, self.bounds, now) for one in devices])


def _members(graph: Graph, row: EnrollmentGroup) -> Iterable[list[Json]]:
    route = "transitiveMembers" if row.include_nested else "members"
    for page in graph.answers(f"/groups/{row.object_id}/{route}", select=USER_FIELDS, top=PAGE):
        yield page["value"]


def take_links(graph: Graph, known: Iterable[str]) -> dict[str, str]:
    """Ask Graph from where it will tell changes; empty when it refuses (devices/delta wants Device.Read.All)."""
    chosen = sorted(known)
    links: dict[str, str] = {}
    if not chosen:
        return links
    for kind, fields in SELECTED.items():
        options: dict[str, Any] = {"select": fields, "deltatoken": "latest"}
        if kind == delta_links.GROUPS and len(chosen) <= MOST_FILTERED:
            options["filter"] = " or ".join(f"id eq '{key}'" for key in chosen)
        try:
            for page in graph.answers(f"/{kind}/delta", **options):
                links[kind] = page.get("@odata.deltaLink", "")
        except GraphError as error:
            if error.status != FORBIDDEN:
                raise
            log.info("Changes of %s are not told, so each poll reads everything: %s", kind, error)
            return {}
    return links if all(links.values()) else {}
