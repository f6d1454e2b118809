"""Way 1 of E3: the state written to the device's extension attribute, for a conditional-access device filter.

App-only callers may change only `extensionAttributes` of a phone (microsoft.md 4.1); null clears, an empty
string would be stored as such. A value that is not ours is never overwritten unasked.
"""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from vedette.connectors import errors
from vedette.connectors.deliver import Result
from vedette.connectors.errors import Problem
from vedette.connectors.intune.desired import is_ours
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.models import Delivery
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants.models import Tenant

ROUTE: Final = "attribute"
PARALLEL: Final = 4
NOT_FOUND: Final = 404
FORBIDDEN: Final = 403


@dataclass(frozen=True)
class _Target:
    attribute: str
    recipients: list[str]
    entra_tenant_id: uuid.UUID


class AttributeRoute:
    """Publishes `Delivery` rows of route `attribute` to Graph."""

    name = ROUTE
    batch = 100

    def publish(self, tenant_id: uuid.UUID, deliveries: Sequence[Delivery]) -> list[Result]:
        """PATCH each device whose attribute does not hold the desired value yet."""
        target = _target(tenant_id)
        graph = Graph(target.entra_tenant_id)
        with ThreadPoolExecutor(PARALLEL, thread_name_prefix="attribute") as pool:
            results = list(pool.map(lambda delivery: push(graph, target.attribute, delivery), deliveries))
        _tell(tenant_id, results, target.recipients)
        return results


def push(graph: Graph, attribute: str, delivery: Delivery) -> Result:
    """Bring one device's attribute to the desired value; what goes wrong is the result.

    When the tenant has moved to another attribute, the old one is cleared in the same PATCH: nobody stays
    blocked by a forgotten "mtd:high".
    """
    if delivery.entra_object_id is None:
        return _failed(delivery, "no_entra_device", "The device has no Entra object to write to.")
    path = f"/devices/{delivery.entra_object_id}"
    try:
        attributes = graph.get(path, select="id,extensionAttributes").get("extensionAttributes") or {}
        found = attributes.get(attribute) or ""
        if not is_ours(found):
            return _foreign(delivery, attribute, found)
        changes = changes_needed(attributes, attribute, delivery.desired, delivery.place)
        if changes:
            graph.patch(path, {"extensionAttributes": changes}, idempotent=True)
    except GraphError as error:
        return _graph_error(delivery, error)
    except TokenError as error:
        return _again(delivery, f"AADSTS{error.code}", str(error), None)
    return Result(
        delivery.pk,
        delivery.generation,
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


def _target(tenant_id: uuid.UUID) -> _Target:
    with database.tenant(tenant_id):
        connector = connector_of(tenant_id)
        tenant = Tenant.objects.get(pk=tenant_id)
    attribute = f"extensionAttribute{connector.attribute_number}"
    return _Target(attribute, list(connector.error_emails), tenant.entra_tenant_id)


def _graph_error(delivery: Delivery, error: GraphError) -> Result:
    if error.status == NOT_FOUND:
        if not delivery.desired:
            return Result(delivery.pk, delivery.generation, Delivery.Status.CONFIRMED, value="", before="")
        return _failed(delivery, error.code, "Entra no longer has this device.", error.request_id)
    if error.status == FORBIDDEN:
        return _again(delivery, error.code, str(error), 60.0, error.request_id)
    return _again(delivery, error.code, str(error), error.retry_after, error.request_id)


def _failed(delivery: Delivery, code: str, message: str, request_id: str = "") -> Result:
    return Result(
        delivery.pk,
        delivery.generation,
        Delivery.Status.FAILED,
        error_code=code,
        error=message,
        request_id=request_id,
    )


def _again(delivery: Delivery, code: str, message: str, wait: float | None, request_id: str = "") -> Result:
    return Result(
        delivery.pk,
        delivery.generation,
        Delivery.Status.DUE,
        error_code=code,
        error=message,
        retry_after=wait,
        request_id=request_id,
    )


def _foreign(delivery: Delivery, attribute: str, found: str) -> Result:
    return Result(
        delivery.pk,
        delivery.generation,
        Delivery.Status.FOREIGN,
        before=found,
        error_code="foreign_value",
        error=f"{attribute} holds {found!r}, which Vedette did not write.",
    )


_EXPLANATIONS: Final[dict[str, tuple[Any, Any]]] = {
    "foreign_value": (
        _("The chosen extension attribute already holds a value of somebody else on some devices."),
        _("Choose another attribute number under State Sync, or clear the value in Entra."),
    ),
    "no_entra_device": (
        _("Some devices are not registered in Entra, so there is nothing to write the state to."),
        _("Have the phone registered (Company Portal or Authenticator); the next poll picks it up."),
    ),
    "Authorization_RequestDenied": (
        _("Microsoft refuses to let Vedette write to devices: Device.ReadWrite.All is not granted."),
        _("A Global Administrator opens the consent page again and accepts."),
    ),
    "Request_ResourceNotFound": (
        _("Some devices were deleted in Entra."),
        _("Nothing to do: the next poll of the directory retires them."),
    ),
}


def _tell(tenant_id: uuid.UUID, results: Sequence[Result], recipients: Sequence[str]) -> None:
    """Record each kind of error once per batch, with how many devices it hit."""
    connection.close_if_unusable_or_obsolete()
    by_code: dict[str, list[Result]] = {}
    for result in results:
        if result.error_code:
            by_code.setdefault(result.error_code, []).append(result)
    for code, failed in by_code.items():
        explanation, next_step = _EXPLANATIONS.get(
            code, (_("Writing the state to devices failed; it is tried again by itself."), "")
        )
        problem = Problem(
            code,
            failed[0].error,
            explanation=str(explanation),
            next_step=str(next_step),
            detail={"devices": len(failed), "request_id": failed[-1].request_id},
        )
        errors.record(tenant_id, "intune", problem, recipients=recipients, times=len(failed))
