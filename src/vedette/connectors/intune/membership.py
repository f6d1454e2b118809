"""The live membership check (D3): asked at the moment an app is opened, without waiting for the poll."""

import uuid
from collections.abc import Callable, Sequence
from typing import Final

from vedette.compliance.enroll import Membership
from vedette.connectors.intune.entra_devices import devices_of_person
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.records import device_record, user_record
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, Patience
from vedette.tenants.models import Tenant

# checkMemberGroups takes at most 20 groups (microsoft.md 3.4).
GROUPS_PER_QUESTION: Final = 20
NOT_FOUND: Final = 404
# Somebody waits with a phone in their hand; the reference agent waits for 20 seconds.
PATIENCE: Final = Patience(attempts=3, seconds=8.0, answer=8.0)


def ask(tenant_id: uuid.UUID, oid: uuid.UUID) -> tuple[UserRecord, list[DeviceRecord]] | None:
    """Return the person and their devices if they are in an enrollment group now, else None.

    Raises GraphError or TokenError: not knowing is not the same as not being a member.
    """
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        bounds = limits(connector_of(tenant_id))
        wanted = list(EnrollmentGroup.objects.values_list("object_id", "include_nested"))
    graph = Graph(entra_tenant_id, patience=PATIENCE)
    try:
        if not is_member(graph, oid, wanted):
            return None
        person = graph.get(f"/users/{oid}", select="id,displayName,userPrincipalName,mail,accountEnabled")
    except GraphError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    now = clock.now()
    devices = [device_record(device, bounds, now) for device in devices_of_person(graph, oid)]
    return user_record(person), devices


def covers(tenant_id: uuid.UUID, oid: uuid.UUID | None, device: uuid.UUID | None) -> bool:
    """Tell whether this person, or this Entra device itself, is in an enrollment group now (C3: both count).

    One or two requests. Raises GraphError or TokenError: not knowing is not the same as not being a member.
    """
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        wanted = list(EnrollmentGroup.objects.values_list("object_id", "include_nested"))
    graph = Graph(entra_tenant_id, patience=PATIENCE)
    if oid and known(lambda: is_member(graph, oid, wanted)):
        return True
    return device is not None and known(lambda: device_is_member(graph, device, wanted))


def known(question: Callable[[], bool]) -> bool:
    """Ask Graph; who or what is not in Entra is in no group. Raises GraphError and TokenError otherwise."""
    try:
        return question()
    except GraphError as error:
        if error.status == NOT_FOUND:
            return False
        raise


def device_is_member(graph: Graph, device: uuid.UUID, wanted: Sequence[tuple[uuid.UUID, bool]]) -> bool:
    """Tell whether a device (object ID) is itself in one of these groups (object ID, nested members count)."""
    for path, counted in (("transitiveMemberOf", True), ("memberOf", False)):
        groups = {str(object_id) for object_id, nested in wanted if nested is counted}
        if groups and any(
            item["id"] in groups for item in graph.pages(f"/devices/{device}/{path}", select="id")
        ):
            return True
    return False


def is_member(graph: Graph, oid: uuid.UUID, wanted: Sequence[tuple[uuid.UUID, bool]]) -> bool:
    """Tell whether a person is in one of these groups (object ID, nested members count)."""
    asked = [str(object_id) for object_id, _nested in wanted]
    inside: set[str] = set()
    for start in range(0, len(asked), GROUPS_PER_QUESTION):
        body = {"groupIds": asked[start : start + GROUPS_PER_QUESTION]}
        inside |= set(graph.post(f"/users/{oid}/checkMemberGroups", body, idempotent=True).get("value", []))
    # checkMemberGroups counts nested membership; where that does not count, the group itself is looked through.
    nested = {str(object_id): counts for object_id, counts in wanted}
    return any(nested.get(group, False) or _lists(graph, group, str(oid)) for group in inside & nested.keys())


def _lists(graph: Graph, group: str, oid: str) -> bool:
    return any(item["id"] == oid for item in graph.pages(f"/groups/{group}/members", select="id", top=999))


def owner(tenant_id: uuid.UUID, device: uuid.UUID) -> uuid.UUID | None:
    """Return the object ID of the person who owns the device with this Entra device ID; None when there is none.

    Raises GraphError or TokenError.
    """
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
    graph = Graph(entra_tenant_id, patience=PATIENCE)
    found = graph.get("/devices", filter=f"deviceId eq '{device}'", select="id,deviceId").get("value", [])
    # Filters of Graph are re-applied: one that is ignored answers with somebody else's device.
    ids = [item["id"] for item in found if str(item.get("deviceId", "")).lower() == str(device)]
    owners = graph.get(f"/devices/{ids[0]}/registeredOwners", select="id").get("value", []) if ids else []
    return uuid.UUID(owners[0]["id"]) if owners else None


LIVE: Final = Membership(ask, covers, owner)
