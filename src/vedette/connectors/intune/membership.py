"""The live membership check (D3): asked at the moment an app is opened, without waiting for the poll."""

import uuid

from vedette.connectors.intune.entra_devices import devices_of_person
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.records import device_record, user_record
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph
from vedette.tenants.models import Tenant

GROUPS_PER_QUESTION = 20


def ask(tenant_id: uuid.UUID, oid: uuid.UUID) -> tuple[UserRecord, list[DeviceRecord]] | None:
    """Return the person and their devices if they are in an enrollment group now, else None.

    Raises GraphError or TokenError: not knowing is not the same as not being a member.
    """
    with database.tenant(tenant_id):
        entra_tenant_id = Tenant.objects.get(pk=tenant_id).entra_tenant_id
        bounds = limits(connector_of(tenant_id))
        wanted = list(EnrollmentGroup.objects.values_list("object_id", "include_nested"))
    graph = Graph(entra_tenant_id)
    if not _is_member(graph, oid, wanted):
        return None
    person = graph.get(f"/users/{oid}", select="id,displayName,userPrincipalName,mail,accountEnabled")
    now = clock.now()
    devices = [device_record(device, bounds, now) for device in devices_of_person(graph, oid)]
    return user_record(person), devices


def _is_member(graph: Graph, oid: uuid.UUID, wanted: list[tuple[uuid.UUID, bool]]) -> bool:
    nested = [str(object_id) for object_id, include_nested in wanted if include_nested]
    for start in range(0, len(nested), GROUPS_PER_QUESTION):
        asked = nested[start : start + GROUPS_PER_QUESTION]
        # checkMemberGroups is transitive and takes at most 20 groups (microsoft.md 3.4).
        if graph.post(f"/users/{oid}/checkMemberGroups", {"groupIds": asked}, idempotent=True).get("value"):
            return True
    direct = {str(object_id) for object_id, include_nested in wanted if not include_nested}
    if not direct:
        return False
    return any(item["id"] in direct for item in graph.pages(f"/users/{oid}/memberOf", select="id"))
