"""Doing an act once however often it is asked for: Idempotency-Key on POST.

The answer is kept in the transaction of the act, so both exist or neither does: after a crash the same request begins
anew. Only what was done is kept; a request that was refused changed nothing and may be sent again under its key.
"""

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from vedette.api.http import Answer
from vedette.api.native.models import KeptAnswer
from vedette.api.native.problems import Problem
from vedette.foundation import clock

HOURS: Final = 24
KEY: Final = "^[!-~]{1,255}$"
"""What an Idempotency-Key looks like."""
REPLAYED: Final = (b"idempotency-replayed", b"true")


def request_hash(method: str, target: str, content_type: str, body: bytes) -> bytes:
    """Return what identifies a request: two with the same hash ask for the same."""
    head = f"{method}\n{target}\n{content_type}".encode()
    return hashlib.sha256(head + b"\n\n" + body).digest()


def hold(tenant_id: UUID, caller_id: UUID, key: str) -> None:
    """Keep others from working under this key until the open transaction ends. Raises Problem."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY, [f"idempotency:{tenant_id}:{caller_id}:{key}"])
        (alone,) = cursor.fetchone()
    if not alone:
        raise Problem("in_progress", "A request with the same Idempotency-Key is being worked on.")


def find(caller_id: UUID, key: str, wanted: bytes) -> Answer | None:
    """Return what was answered before; inside the tenant's door. Raises Problem when it was another request."""
    since = clock.now() - timedelta(hours=HOURS)
    row = KeptAnswer.objects.filter(caller_id=caller_id, key=key, created_at__gt=since).first()
    if row is None:
        return None
    if bytes(row.request_hash) != wanted:
        raise Problem(
            "key_reused",
            f"The key was used at {row.created_at:%Y-%m-%d %H:%M:%S} UTC for another address, method or body.",
        )
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in row.headers]
    return Answer(row.status, bytes(row.body), headers=[*headers, REPLAYED])


def keep(tenant_id: UUID, caller_id: UUID, key: str, wanted: bytes, answer: Answer) -> None:
    """Keep what is answered; inside the transaction of the act."""
    KeptAnswer.objects.filter(caller_id=caller_id, key=key).delete()
    KeptAnswer.objects.create(
        tenant_id=tenant_id,
        caller_id=caller_id,
        key=key,
        request_hash=wanted,
        status=answer.status,
        headers=[[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers],
        body=answer.body,
        created_at=clock.now(),
    )


def forget(tenant_id: UUID) -> None:
    """Delete a tenant's answers whose day is over; inside its door."""
    limit = clock.now() - timedelta(hours=HOURS)
    KeptAnswer.objects.filter(tenant_id=tenant_id, created_at__lte=limit).delete()


_TRY: Final = "select pg_try_advisory_xact_lock(hashtextextended(%s, 1))"
