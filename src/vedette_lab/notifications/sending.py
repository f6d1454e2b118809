"""Tells subscribers what changed, in the shape of Graph's notifications, and tries again when nobody answers.

Graph gives an endpoint 3 seconds and tries for up to 4 hours (microsoft.md 2.11); here the tries come quickly and
end after a few, since nobody watches the lab for hours.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx

from vedette_lab.graph.properties import iso
from vedette_lab.graph.subscription_client import client
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, Tenant
from vedette_lab.subscription_model import Subscription

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 3.0
MOST_FAILURES: Final = 20
MOST_AT_ONCE: Final = 100
TYPES: Final = {"users": "#Microsoft.Graph.User", "groups": "#Microsoft.Graph.Group"}


@asynccontextmanager
async def lifespan(cloud: Cloud) -> AsyncIterator[None]:
    """Tell subscribers while the lab runs."""
    task = asyncio.create_task(_watch(cloud))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(cloud: Cloud) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for tenant in list(cloud.tenants.values()):
            for each in list(tenant.subscriptions.values()):
                try:
                    await _serve(cloud, tenant, each)
                except Exception:
                    # one subscriber's trouble is no reason to leave the others without news
                    log.exception("The subscription %s cannot be served", each.id)


async def _serve(cloud: Cloud, tenant: Tenant, each: Subscription) -> None:
    """Tell one subscriber what is new; an expired subscription ends without a word."""
    if each.expires <= cloud.now():
        tenant.subscriptions.pop(each.id, None)
        return
    if each.lifecycle and each.lifecycle_url:
        # another event may be added while these are on their way
        events = tuple(each.lifecycle)
        if await _post(
            cloud, each, each.lifecycle_url, [_lifecycle(tenant, each, event) for event in events]
        ):
            if "subscriptionRemoved" in events:
                tenant.subscriptions.pop(each.id, None)
            del each.lifecycle[: len(events)]
    log = tenant.directory.changes[each.kind]
    if each.paused or each.position >= log.end:
        return
    end = log.end
    start = each.position if log.holds(each.position) else end
    changed = list(dict.fromkeys(change.id for change in log.between(start, end)))
    told = [note for note in (_note(tenant, each, object_id) for object_id in changed) if note]
    for begin in range(0, len(told), MOST_AT_ONCE):
        if not await _post(cloud, each, each.notification_url, told[begin : begin + MOST_AT_ONCE]):
            return
    each.position = end


async def _post(cloud: Cloud, each: Subscription, address: str, values: list[Json]) -> bool:
    """Send notifications; True when they were taken, or given up after many tries."""
    try:
        async with client(cloud.home, ANSWER_SECONDS) as http:
            answer = await http.post(address, json={"value": values})
        taken = answer.is_success
    except httpx.HTTPError:
        taken = False
    each.failures = 0 if taken else each.failures + 1
    return taken or each.failures % MOST_FAILURES == 0


def _common(tenant: Tenant, each: Subscription) -> Json:
    return {
        "subscriptionId": each.id,
        "clientState": each.client_state,
        "subscriptionExpirationDateTime": iso(each.expires),
        "tenantId": tenant.id,
    }


def _note(tenant: Tenant, each: Subscription, object_id: str) -> Json | None:
    """Return the notification of one object; created and soft-deleted ones arrive as `updated`."""
    known: dict[str, object] = getattr(tenant.directory, each.kind)
    change = "updated" if object_id in known or each.kind == "users" else "deleted"
    if change not in each.changes:
        return None
    path = f"{each.resource.capitalize()}/{object_id}"
    data = {"@odata.type": TYPES[each.kind], "@odata.id": path, "id": object_id}
    return {**_common(tenant, each), "changeType": change, "resource": path, "resourceData": data}


def _lifecycle(tenant: Tenant, each: Subscription, event: str) -> Json:
    return {**_common(tenant, each), "lifecycleEvent": event, "organizationId": tenant.id}
