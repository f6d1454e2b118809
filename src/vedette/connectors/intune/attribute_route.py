"""Way 1 of E3: the state written to the device's extension attribute, for a conditional-access device filter.

App-only callers may change only `extensionAttributes` of a phone (microsoft.md 4.1); null clears, an empty
string would be stored as such. A value that is not ours is never overwritten unasked.
"""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from vedette.connectors.deliver import result
from vedette.connectors.errors import Advice
from vedette.connectors.intune.desired import WITHDRAWN, is_ours
from vedette.connectors.intune.push_advice import advice
from vedette.connectors.intune.settings_read import attribute_name, connector_of
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Budget
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants.models import Tenant

ROUTE: Final = "attribute"
PARALLEL: Final = 4
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
# What is refused for want of a permission is not asked every few seconds.
FORBIDDEN_SECONDS: Final = 60.0
# Short: a delivery that fails is tried again later, and others wait meanwhile.
PATIENCE: Final = Patience(attempts=3, seconds=10.0)


@dataclass(frozen=True)
class _Place:
    """Where values go: the tenant, the attribute, and Entra devices that another row writes to."""

    entra_tenant_id: uuid.UUID
    attribute: str
    held: frozenset[uuid.UUID]


class AttributeRoute:
    """Publishes `Delivery` rows of route `attribute` to Graph."""

    name = ROUTE
    connector = "intune"
    batch = 100

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Delivery], budget: Budget) -> list[Result]:
        """PATCH each device whose attribute does not hold the desired value yet."""
        place = _place(tenant_id, deliveries)
        graph = Graph(place.entra_tenant_id, patience=PATIENCE)

        def one(delivery: Delivery) -> Result:
            if budget.is_spent:
                return result(delivery, Delivery.Status.DUE)
            # Two rows may stand for one Entra device (left and come back): only the live one has a say.
            keep = not delivery.desired and delivery.entra_object_id in place.held
            return push(graph, place.attribute, delivery, keep=keep)

        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="attribute") as pool:
            return list(pool.map(one, deliveries))

    def advice(self, code: str) -> Advice:
        """Say in words what an error code means."""
        return advice(code)


def push(graph: Graph, attribute: str, delivery: Delivery, *, keep: bool = False) -> Result:
    """Bring one device's attribute to the desired value; what goes wrong is the result.

    When the tenant has moved to another attribute, the old one is cleared in the same PATCH: nobody stays
    blocked by a forgotten "mtd:high". With `keep` the attribute belongs to another row and stays as it is.
    """
    if delivery.entra_object_id is None:
        return result(
            delivery,
            Delivery.Status.FAILED,
            error_code="no_entra_device",
            error="The device has no Entra object to write to.",
        )
    path = f"/devices/{delivery.entra_object_id}"
    try:
        attributes = graph.get(path, select="id,extensionAttributes").get("extensionAttributes") or {}
        found = attributes.get(attribute) or ""
        desired = found if keep or not is_ours(found) else delivery.desired
        changes = changes_needed(attributes, attribute, desired, delivery.place)
        if changes:
            graph.patch(path, {"extensionAttributes": changes}, idempotent=True)
    except GraphError as error:
        return _graph_error(delivery, error)
    except TokenError as error:
        return _again(delivery, error.name, str(error), None)
    if not is_ours(found) and delivery.desired != WITHDRAWN:
        return _foreign(delivery, attribute, found)
    return result(
        delivery,
        Delivery.Status.CONFIRMED,
        value=delivery.desired,
        place=attribute,
        before=found,
        request_id=graph.last_request_id,
    )


def changes_needed(
    attributes: Mapping[str, str | None], attribute: str, desired: str, old_place: str
) -> dict[str, str | None]:
    """Pure: the attributes to PATCH so that ATTRIBUTE holds DESIRED and the old place holds nothing of ours."""
    changes: dict[str, str | None] = {}
    if (attributes.get(attribute) or "") != desired:
        changes[attribute] = desired or None
    left_behind = attributes.get(old_place) if old_place and old_place != attribute else None
    if left_behind and is_ours(left_behind):
        changes[old_place] = None
    return changes


def _place(tenant_id: uuid.UUID, deliveries: Sequence[Delivery]) -> _Place:
    withdrawn = [item.entra_object_id for item in deliveries if item.entra_object_id and not item.desired]
    with database.tenant(tenant_id):
        attribute = attribute_name(connector_of(tenant_id))
        tenant = Tenant.objects.get(pk=tenant_id)
        live = Delivery.objects.filter(route=ROUTE, entra_object_id__in=withdrawn).exclude(desired=WITHDRAWN)
        held = (
            frozenset(row.entra_object_id for row in live if row.entra_object_id)
            if withdrawn
            else frozenset()
        )
    return _Place(tenant.entra_tenant_id, attribute, held)


def _graph_error(delivery: Delivery, error: GraphError) -> Result:
    if error.status == NOT_FOUND:
        if delivery.desired == WITHDRAWN:
            return result(delivery, Delivery.Status.CONFIRMED, value=WITHDRAWN, before="")
        return result(
            delivery,
            Delivery.Status.FAILED,
            error_code=error.code,
            error="Entra no longer has this device.",
            request_id=error.request_id,
        )
    wait = FORBIDDEN_SECONDS if error.status == FORBIDDEN else error.retry_after
    return _again(delivery, error.code, str(error), wait, error.request_id)


def _again(delivery: Delivery, code: str, message: str, wait: float | None, request_id: str = "") -> Result:
    return result(
        delivery,
        Delivery.Status.DUE,
        error_code=code,
        error=message,
        retry_after=wait,
        request_id=request_id,
    )


def _foreign(delivery: Delivery, attribute: str, found: str) -> Result:
    return result(
        delivery,
        Delivery.Status.FOREIGN,
        before=found,
        error_code="foreign_value",
        error=f"{attribute} holds {found!r}, which Vedette did not write.",
    )
