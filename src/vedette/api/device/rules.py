"""What a tenant's rules at Microsoft do, for answers to phones: read by the Intune connector, remembered shortly."""

import logging
from time import monotonic
from typing import Final
from uuid import UUID

from django.db.utils import DatabaseError

from vedette.api.threads import Threads
from vedette.connectors.intune import enforcement
from vedette.connectors.intune.enforcement import UNKNOWN, Enforcement
from vedette.connectors.intune.settings_read import connector_of
from vedette.foundation import database

log = logging.getLogger(__name__)

# Rules change seldom, and are read from Microsoft once a day.
KEPT_SECONDS: Final = 30.0


class Rules:
    """Django's ORM in one thread, asked at most twice a minute for each tenant."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._threads = Threads(1, "rules")
        self._kept: dict[UUID, tuple[float, Enforcement]] = {}

    async def stop(self) -> None:
        """Let the database connection go."""
        await self._threads.stop()

    async def of(self, tenant_id: UUID) -> Enforcement:
        """Return what is known; nothing while the database cannot be asked."""
        known = self._kept.get(tenant_id)
        if known and monotonic() - known[0] < self._kept_seconds:
            return known[1]
        try:
            found = await self._threads.run(_read, tenant_id)
        except DatabaseError:
            log.warning(
                "The rules of tenant %s cannot be read; phones are told less", tenant_id, exc_info=True
            )
            found = Enforcement(UNKNOWN)
        self._kept[tenant_id] = (monotonic(), found)
        return found


def _read(tenant_id: UUID) -> Enforcement:
    with database.tenant(tenant_id):
        return enforcement.of(connector_of(tenant_id))
