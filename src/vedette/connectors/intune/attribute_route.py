"""Way 1 of E3: the state written to the device's extension attribute, for a conditional-access device filter.

App-only callers may change only `extensionAttributes` of a phone (microsoft.md 4.1); null clears, an empty
string would be stored as such. A value that is not ours is never overwritten unasked.
"""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from vedette.connectors.claimed import Claimed
from vedette.connectors.deliver import result
from vedette.connectors.errors import Advice
from vedette.connectors.intune.attributes import attributes_of
from vedette.connectors.intune.desired import WITHDRAWN, is_ours
from vedette.connectors.intune.push_advice import advice
from vedette.connectors.intune.settings_read import attribute_name, connector_of
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Budget
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, NotSentError, Patience, Request, TokenError
from vedette.tenants.models import Tenant

ROUTE: Final = "attribute"
# So many devices are read by one batch and then written by three; so many of these at a time.
AT_ONCE: Final = 60
LANES: Final = 4
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403
# What is refused for want of a permission is not asked every few seconds.
FORBIDDEN_SECONDS: Final = 60.0
# Short: what does not pass goes back to the queue, and the thread is free for another tenant.
PATIENCE: Final = Patience(attempts=2, seconds=3.0, answer=10.0)


@dataclass(frozen=True)
class _Place:
    """Where values go: the tenant, the attribute, and Entra devices that another row writes to."""

    entra_tenant_id: uuid.UUID
    attribute: str
    held: frozenset[uuid.UUID]

    def keeps(self, delivery: Claimed) -> bool:
        """Two rows may stand for one Entra device (left and come back): only the live one has a say."""
        return not delivery.desired and delivery.entra_object_id in self.held


class AttributeRoute:
    """Publishes `Delivery` rows of route `attribute` to Graph."""

    name = ROUTE
    connector = "intune"
    batch = AT_ONCE * LANES * 4

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Claimed], budget: Budget) -> list[Result]:
        """Bring each device's attribute to the desired value; what goes wrong is the result.

        Some at a time are read and, where something else stands there, written. An answer 204 confirms a write;
        one that is lost is cleared up by the next try, which reads first.
        """
        place = _place(tenant_id, deliveries)
        graph = Graph(place.entra_tenant_id, patience=PATIENCE)
        results = [_no_device(item) for item in deliveries if item.entra_object_id is None]
        known = [item for item in deliveries if item.entra_object_id is not None]

        def one(chunk: Sequence[Claimed]) -> list[Result]:
            if budget.is_spent:
                return [result(delivery, Delivery.Status.DUE) for delivery in chunk]
            return push(graph, place, chunk)

        chunks = [known[start : start + AT_ONCE] for start in range(0, len(known), AT_ONCE)]
        if len(chunks) == 1:
            return results + one(chunks[0])
        with ThreadPoolExecutor(LANES, thread_name_prefix="attribute") as pool:
            return results + [item for found in pool.map(one, chunks) for item in found]

    def advice(self, code: str) -> Advice:
        """Say in words what an error code means."""
        return advice(code)


def push(graph: Graph, place: _Place, deliveries: Sequence[Claimed]) -> list[Result]:
    """Read what some devices hold and write what is to be changed.

    When the tenant has moved to another attribute, the old one is cleared in the same PATCH: nobody stays
    blocked by a forgotten "mtd:high".
    """
    held = attributes_of(graph, {item.entra_object_id for item in deliveries if item.entra_object_id})
    results: list[Result] = []
    writing: list[tuple[Claimed, str, Request]] = []
    for delivery in deliveries:
        assert delivery.entra_object_id is not None
        read = held[delivery.entra_object_id]
        if read.error is not None:
            results.append(_failed(delivery, read.error))
            continue
        attributes = read.body.get("extensionAttributes") or {}
        found = attributes.get(place.attribute) or ""
        desired = found if place.keeps(delivery) or not is_ours(found) else delivery.desired
        changes = changes_needed(attributes, place.attribute, desired, delivery.place)
        if changes:
            body = {"extensionAttributes": changes}
            path = f"/devices/{delivery.entra_object_id}"
            # Not repeated when its answer is lost: the next try reads first and finds what arrived.
            writing.append((delivery, found, Request("PATCH", path, body)))
        else:
            results.append(_done(delivery, place.attribute, found, read.request_id))
    writes = graph.batch([request for _delivery, _found, request in writing])
    for (delivery, found, _request), write in zip(writing, writes, strict=True):
        if write.error is None:
            results.append(_done(delivery, place.attribute, found, write.request_id))
        else:
            results.append(_failed(delivery, write.error))
    return results


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


def _place(tenant_id: uuid.UUID, deliveries: Sequence[Claimed]) -> _Place:
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


def _done(delivery: Claimed, attribute: str, found: str, request_id: str) -> Result:
    """What stands there is what is to stand there, or somebody else's."""
    if not is_ours(found) and delivery.desired != WITHDRAWN:
        return result(
            delivery,
            Delivery.Status.FOREIGN,
            before=found,
            error_code="foreign_value",
            error=f"{attribute} holds {found!r}, which Vedette did not write.",
        )
    return result(
        delivery,
        Delivery.Status.CONFIRMED,
        value=delivery.desired,
        place=attribute,
        before=found,
        request_id=request_id,
    )


def _failed(delivery: Claimed, error: GraphError | TokenError) -> Result:
    if isinstance(error, NotSentError):
        # Nothing of this delivery went wrong: it waits with all the others.
        return result(delivery, Delivery.Status.DUE, retry_after=error.retry_after, held=True)
    if isinstance(error, TokenError):
        return result(delivery, Delivery.Status.DUE, error_code=error.name, error=str(error))
    if error.status == NOT_FOUND and delivery.desired == WITHDRAWN:
        return result(delivery, Delivery.Status.CONFIRMED, value=WITHDRAWN, before="")
    status, text, wait = Delivery.Status.DUE, str(error), error.retry_after
    if error.status == NOT_FOUND:
        status, text = Delivery.Status.FAILED, "Entra no longer has this device."
    elif error.status == FORBIDDEN:
        wait = FORBIDDEN_SECONDS
    return result(
        delivery,
        status,
        error_code=error.code,
        error=text,
        retry_after=wait,
        request_id=error.request_id,
    )


def _no_device(delivery: Claimed) -> Result:
    return result(
        delivery,
        Delivery.Status.FAILED,
        error_code="no_entra_device",
        error="The device has no Entra object to write to.",
    )
