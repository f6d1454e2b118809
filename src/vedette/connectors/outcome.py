"""What a batch of deliveries taught: each kind of error is recorded once, and past when no delivery has it."""

import uuid
from collections.abc import Sequence

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.models import Delivery
from vedette.connectors.results import Result
from vedette.connectors.routes import Route
from vedette.foundation import database


def tell(tenant_id: uuid.UUID, route: Route, results: Sequence[Result]) -> None:
    """Record the errors in these results, and end those that no delivery of the route has any more."""
    by_code: dict[str, list[Result]] = {}
    for item in results:
        if item.error_code:
            by_code.setdefault(item.error_code, []).append(item)
    for code, failed in by_code.items():
        problem = Problem(
            route.name,
            code,
            failed[0].error,
            advice=route.advice(code),
            detail={"devices": len(failed), "request_id": failed[-1].request_id},
        )
        errors.record(tenant_id, route.connector, problem, times=len(failed))
    if errors.stand(tenant_id, route.connector, route.name):
        errors.passed(tenant_id, route.connector, route.name, still=_standing(tenant_id, route.name))


def _standing(tenant_id: uuid.UUID, route: str) -> set[str]:
    with database.tenant(tenant_id):
        codes = (
            Delivery.objects.filter(route=route).exclude(error_code="").values_list("error_code", flat=True)
        )
        return set(codes.distinct())
