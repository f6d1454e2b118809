"""One-time links to the operator's pages: only their hashes are kept (30 minutes, used once)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import Enum
from typing import Final

from django.urls import reverse

from vedette.foundation import clock, config, database
from vedette.tenants.models import OperatorLink

LENGTH: Final = timedelta(minutes=30)
FORGET: Final = timedelta(days=1)
TOKEN_BYTES: Final = 32


class Opened(Enum):
    """What became of opening a link."""

    OPENED = "opened"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def make() -> str:
    """Return the address of a new link; old rows are swept out on the way."""
    token, now = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    with database.system():
        OperatorLink.objects.filter(expires_at__lt=now - FORGET).delete()
        OperatorLink.objects.create(token_hash=_hash(token), created_at=now, expires_at=now + LENGTH)
    return f"{config.current().public_url}{reverse('operator-open', args=[token])}"


def use(token: str) -> Opened:
    """Use a link up. Of two who open it at the same moment one gets in."""
    now = clock.now()
    with database.system():
        row = OperatorLink.objects.select_for_update().filter(token_hash=_hash(token)).first()
        if row is None:
            return Opened.UNKNOWN
        if row.used_at is not None:
            return Opened.USED
        if row.expires_at <= now:
            return Opened.EXPIRED
        row.used_at = now
        row.save(update_fields=["used_at"])
    return Opened.OPENED


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
