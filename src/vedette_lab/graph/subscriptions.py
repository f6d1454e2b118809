"""Subscriptions to change notifications: made, renewed, deleted, and the handshake before one is made.

Strict where Graph is: HTTPS only, the validation token back within 10 seconds as plain text, no life longer than
the resource allows, and no lifecycle address added later.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError, denied, not_found
from vedette_lab.graph.properties import iso
from vedette_lab.graph.subscription_client import client
from vedette_lab.intune_model import Json
from vedette_lab.model import new_id
from vedette_lab.subscription_model import (
    CHANGES,
    LONGEST,
    MOST_CLIENT_STATE,
    RESOURCES,
    SHORTEST,
    Subscription,
)

VALIDATION_SECONDS: Final = 10.0
MOST: Final = 100
"""Subscriptions of one application in one tenant."""
NEEDED: Final[dict[str, frozenset[str]]] = {
    "users": frozenset(
        {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
    ),
    "groups": frozenset(
        {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
    ),
}
"""learn.microsoft.com/graph/api/subscription-post-subscriptions, permissions by resource."""
WRITABLE: Final = frozenset(
    {
        *("changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "expirationDateTime"),
        *("clientState", "latestSupportedTlsVersion", "includeResourceData", "@odata.type"),
    }
)


def refuse(message: str) -> GraphError:
    """Return Graph's refusal of a subscription."""
    return GraphError(400, "InvalidRequest", message)


async def create(call: Call) -> Json:
    """POST /subscriptions."""
    body = call.body()
    if unknown := sorted(set(body) - WRITABLE):
        raise refuse(f"The property '{unknown[0]}' does not exist on type 'microsoft.graph.subscription'.")
    resource = str(body.get("resource", "")).strip("/")
    if resource not in RESOURCES:
        raise refuse(f"Unsupported resource in the subscription: '{resource}'.")
    if call.bearer.roles.isdisjoint(NEEDED[resource]):
        raise denied()
    mine = [each for each in call.tenant.subscriptions.values() if each.app_id == call.bearer.app_id]
    if len(mine) >= MOST:
        raise GraphError(403, "Forbidden", "Subscription quota of the application in this tenant is used up.")
    made = Subscription(
        id=new_id(),
        app_id=call.bearer.app_id,
        creator_id=call.bearer.subject,
        resource=resource,
        changes=_changes(body),
        notification_url=_address(body, "notificationUrl"),
        lifecycle_url=_address(body, "lifecycleNotificationUrl")
        if "lifecycleNotificationUrl" in body
        else None,
        client_state=_client_state(body),
        expires=_expiry(call, body),
        position=0,
    )
    for address in filter(None, (made.notification_url, made.lifecycle_url)):
        await _validate(call, address)
    made.position = call.tenant.directory.changes[made.kind].end
    call.tenant.subscriptions[made.id] = made
    return {"@odata.context": call.context("subscriptions", entity=True), **render(made)}


def _changes(body: Mapping[str, Any]) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in str(body.get("changeType", "")).split(",") if part.strip())
    if not wanted or not set(wanted) <= CHANGES:
        raise refuse("The changeType of users and groups is 'updated', 'deleted' or both.")
    return wanted


def _address(body: Mapping[str, Any], name: str) -> str:
    parts = urlsplit(str(body.get(name, "")))
    if parts.scheme != "https" or not parts.hostname:
        raise refuse(f"The '{name}' must be an absolute HTTPS URL.")
    return parts.geturl()


def _client_state(body: Mapping[str, Any]) -> str | None:
    value = body.get("clientState")
    if value is not None and (not isinstance(value, str) or len(value) > MOST_CLIENT_STATE):
        raise refuse(f"The 'clientState' is text of at most {MOST_CLIENT_STATE} characters.")
    return value


def _expiry(call: Call, body: Mapping[str, Any]) -> datetime:
    try:
        wanted = datetime.fromisoformat(str(body["expirationDateTime"]))
    except (KeyError, ValueError):
        raise refuse("The 'expirationDateTime' is required, as UTC in ISO 8601.") from None
    wanted, now = (wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)), call.cloud.now()
    if wanted <= now:
        raise refuse("Subscription expiration must be in the future.")
    if wanted - now > LONGEST:
        minutes = int(LONGEST.total_seconds() // 60)
        raise refuse(f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(wanted, now + SHORTEST)


async def _validate(call: Call, address: str) -> None:
    """Ask an address for a token back. GraphError 400 tells what was wrong with the answer."""
    # blanks and signs, so that an answer that was not decoded is noticed
    token = (
        f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()} + 100%"
    )
    joint = "&" if "?" in address else "?"
    target = f"{address}{joint}{httpx.QueryParams({'validationToken': token})}"
    try:
        async with client(call.cloud.home, VALIDATION_SECONDS) as http:
            answer = await http.post(target, headers={"Content-Type": "text/plain; charset=utf-8"})
    except httpx.TimeoutException:
        raise _invalid("HTTP status code is 'Timeout'") from None
    except httpx.HTTPError as error:
        raise _invalid(f"the address cannot be reached: {error}") from None
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    if answer.status_code != httpx.codes.OK:
        raise _invalid(f"HTTP status code is '{answer.status_code}'")
    if kind != "text/plain" or answer.text != token:
        raise _invalid("the response must be the validation token as text/plain")


def _invalid(why: str) -> GraphError:
    text = f"Subscription validation request failed. Notification endpoint must respond with 200 OK: {why}."
    return GraphError(400, "ValidationError", text)


def render(found: Subscription) -> Json:
    """Return a subscription as Graph's JSON; its secret is never told again."""
    return {
        "id": found.id,
        "resource": found.resource,
        "applicationId": found.app_id,
        "changeType": ",".join(found.changes),
        "clientState": None,
        "notificationUrl": found.notification_url,
        "lifecycleNotificationUrl": found.lifecycle_url,
        "expirationDateTime": iso(found.expires),
        "creatorId": found.creator_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationQueryOptions": None,
        "notificationUrlAppId": None,
    }


def _mine(call: Call) -> Subscription:
    """Return the subscription of the path; another application's is as good as none."""
    found = call.tenant.subscriptions.get(call.param("subscription"))
    if found is None or found.app_id != call.bearer.app_id or found.expires <= call.cloud.now():
        raise not_found(call.param("subscription"))
    return found


async def listing(call: Call) -> Json:
    """GET /subscriptions: those of the application that asks."""
    now = call.cloud.now()
    mine = [
        each
        for each in call.tenant.subscriptions.values()
        if each.app_id == call.bearer.app_id and each.expires > now
    ]
    return call.page(mine, call.query(), "subscriptions", render)


async def get(call: Call) -> Json:
    """GET /subscriptions/{id}."""
    return {"@odata.context": call.context("subscriptions", entity=True), **render(_mine(call))}


async def renew(call: Call) -> Json:
    """PATCH /subscriptions/{id}: a new expiry, which also authorises anew."""
    found, body = _mine(call), call.body()
    if unknown := sorted(set(body) - {"expirationDateTime", "notificationUrl", "@odata.type"}):
        raise refuse(f"The property '{unknown[0]}' of a subscription cannot be changed.")
    if "notificationUrl" in body:
        address = _address(body, "notificationUrl")
        await _validate(call, address)
        found.notification_url = address
    if "expirationDateTime" in body:
        found.expires = _expiry(call, body)
    found.paused = False
    return {"@odata.context": call.context("subscriptions", entity=True), **render(found)}


async def reauthorize(call: Call) -> None:
    """POST /subscriptions/{id}/reauthorize: notifications go on, the expiry stays."""
    _mine(call).paused = False


async def remove(call: Call) -> None:
    """DELETE /subscriptions/{id}."""
    del call.tenant.subscriptions[_mine(call).id]


routes: list[BaseRoute] = [
    *operation("GET", "/subscriptions", listing),
    *operation("POST", "/subscriptions", create, status=201),
    *operation("GET", "/subscriptions/{subscription}", get),
    *operation("PATCH", "/subscriptions/{subscription}", renew),
    *operation("DELETE", "/subscriptions/{subscription}", remove),
    *operation("POST", "/subscriptions/{subscription}/reauthorize", reauthorize),
]
