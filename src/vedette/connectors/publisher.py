"""The publisher: sends what is owed, each tenant on its own, so that one's trouble never delays another.

Wakes on NOTIFY and, in case one was missed or a back-off has run out, every second.
"""

import logging
import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import close_old_connections

from vedette.connectors import deliver
from vedette.connectors.deliver import CHANNEL, Result
from vedette.connectors.models import Delivery
from vedette.connectors.routes import ROUTES
from vedette.foundation import jobs

log = logging.getLogger(__name__)

WAKE_SECONDS = 1.0
TENANTS_AT_ONCE = 8


def run(stop: threading.Event) -> None:
    """Publish until `stop` is set."""
    busy: dict[tuple[str, uuid.UUID], Future[None]] = {}
    with ThreadPoolExecutor(TENANTS_AT_ONCE, thread_name_prefix="publish") as pool:
        for _ in jobs.listen([CHANNEL], timeout=WAKE_SECONDS, stop=stop):
            if stop.is_set():
                break
            close_old_connections()
            busy = {key: future for key, future in busy.items() if not future.done()}
            for key in deliver.tenants_due(ROUTES):
                if key not in busy:
                    busy[key] = pool.submit(publish_due, *key)


def publish_due(route_name: str, tenant_id: uuid.UUID) -> None:
    """Send everything one route owes to one tenant's systems now."""
    close_old_connections()
    route = ROUTES[route_name]
    while deliveries := deliver.claim(tenant_id, route_name, route.batch):
        attempts = {delivery.pk: delivery.attempts for delivery in deliveries}
        try:
            results = route.publish(tenant_id, deliveries)
        except Exception as error:
            log.exception("Route %s failed for tenant %s", route_name, tenant_id)
            results = [_crashed(delivery, error) for delivery in deliveries]
        deliver.settle(tenant_id, results, attempts)


def _crashed(delivery: Delivery, error: Exception) -> Result:
    return Result(
        delivery.pk,
        delivery.generation,
        Delivery.Status.DUE,
        error_code="internal_error",
        error=f"{type(error).__name__}: {error}",
    )
