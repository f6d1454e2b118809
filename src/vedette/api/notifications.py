"""Where Microsoft Graph says that a directory changed, and news about the subscriptions (microsoft.md 2.11).

Anybody can call these addresses, so nothing here is believed: a message that carries a subscription's own secret
makes the next poll run now, and that is all it can do. The answer is 202 whether or not anything was known.
"""

import hmac
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from vedette.api.http import (
    Answer,
    GoneError,
    Receive,
    Request,
    Scope,
    Send,
    SlowError,
    TooLargeError,
    respond,
)
from vedette.connectors.notifications.subscribing import hashed
from vedette.connectors.notifications.switch import LIFECYCLE, NOTIFY
from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system, pool_tenant
from vedette.foundation.rates import Buckets, caller

log = logging.getLogger(__name__)

MOST_BYTES: Final = 1 << 20
MOST_TOKEN: Final = 2048
MOST_SUBSCRIPTIONS: Final = 200
"""Of one message; Microsoft sends a few, and each costs a look-up."""
PER_SECOND: Final = 50
AT_ONCE: Final = 500
PLAIN: Final = "text/plain; charset=utf-8"
# what Microsoft says about a subscription itself
REAUTHORIZE: Final = "reauthorizationRequired"
REMOVED: Final = "subscriptionRemoved"


GUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class Note(msgspec.Struct, rename="camel"):
    """The part of a notification that is read; what changed is not."""

    subscription_id: Annotated[str, msgspec.Meta(pattern=GUID)]
    client_state: str = ""
    lifecycle_event: str = ""


class Notes(msgspec.Struct):
    """The body of a message."""

    value: list[Note]


class NotificationApi:
    """ASGI application for the two addresses, on a pool that its caller opens and closes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._callers = Buckets(PER_SECOND, AT_ONCE)

    @staticmethod
    def serves(path: str) -> bool:
        """Tell whether an address is one of this application's."""
        return path in {NOTIFY, LIFECYCLE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        close = False
        try:
            answer = await self._answer(request)
        except GoneError:
            return
        except TooLargeError:
            answer, close = _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."), True
        except SlowError:
            answer, close = _plain(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time."), True
        except Exception:
            # Microsoft tries again for hours
            log.exception("A change notification cannot be taken")
            answer = _plain(HTTPStatus.SERVICE_UNAVAILABLE, "Try again later.")
        await respond(send, answer, close=close)

    async def _answer(self, request: Request) -> Answer:
        if request.method != "POST":
            answer = _plain(HTTPStatus.METHOD_NOT_ALLOWED, "Only POST is taken here.")
            answer.headers.append((b"allow", b"POST"))
            return answer
        if self._callers.take(caller(request.address)):
            return _plain(HTTPStatus.TOO_MANY_REQUESTS, "Too many calls from one address.")
        token = request.query.get("validationToken")
        if token is not None:
            return _handshake(token)
        try:
            notes = msgspec.json.decode(await request.body(MOST_BYTES), type=Notes).value
        except msgspec.MsgspecError:
            return _plain(HTTPStatus.BAD_REQUEST, "This is no change notification.")
        await self._take(notes[:MOST_SUBSCRIPTIONS])
        return _plain(HTTPStatus.ACCEPTED, "")

    async def _take(self, notes: Iterable[Note]) -> None:
        """Note which subscriptions spoke: a few rows, and the answer is given within Microsoft's 3 seconds."""
        said: dict[str, set[tuple[str, str]]] = {}
        for note in notes:
            said.setdefault(note.subscription_id, set()).add((note.client_state, note.lifecycle_event))
        async with pool_system(self._pool) as connection:
            rows = await (await connection.execute(_KNOWN, {"ids": list(said)})).fetchall()
        for tenant_id, remote_id, kept in rows:
            events = {event for secret, event in said[remote_id] if hmac.compare_digest(hashed(secret), kept)}
            if events:
                await self._wake(tenant_id, remote_id, events)

    async def _wake(self, tenant_id: UUID, remote_id: str, events: set[str]) -> None:
        values: dict[str, Any] = {
            "id": remote_id,
            "now": clock.now(),
            "renew": bool(events & {REAUTHORIZE, REMOVED}),
            "gone": REMOVED in events,
            # that an authorisation ends says nothing of the directory
            "wake": events != {REAUTHORIZE},
        }
        async with pool_tenant(self._pool, tenant_id) as connection:
            await connection.execute(_WAKE, values)


def _handshake(token: str) -> Answer:
    """Give the token back, decoded, as Microsoft asks before it makes a subscription."""
    if not 0 < len(token) <= MOST_TOKEN:
        return _plain(HTTPStatus.BAD_REQUEST, "This is no validation token.")
    return _plain(HTTPStatus.OK, token)


def _plain(status: HTTPStatus, text: str) -> Answer:
    return Answer(status.value, text.encode(), PLAIN, [(b"content-security-policy", b"default-src 'none'")])


_KNOWN: Final = """
select tenant_id, remote_id, secret_hash from notifications_subscription
where remote_id = any(%(ids)s) and secret_hash <> '' and not unwanted
"""
_WAKE: Final = """
update notifications_subscription set
  notified_at = %(now)s,
  woken_at = case when %(wake)s then %(now)s else woken_at end,
  next_at = case when %(renew)s then least(next_at, %(now)s) else next_at end,
  remote_id = case when %(gone)s then '' else remote_id end
where remote_id = %(id)s and not unwanted
"""
