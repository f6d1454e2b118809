"""What a tenant's rules at Microsoft do, for answers to phones: read by the Intune connector, remembered shortly."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final
from uuid import UUID

from django.db import close_old_connections, connections
from django.db.utils import DatabaseError

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
        self._threads = ThreadPoolExecutor(1, "rules")
        self._kept: dict[UUID, tuple[float, Enforcement]] = {}

    async def stop(self) -> None:
        """Let the database connection go."""
        await asyncio.to_thread(self._threads.shutdown, wait=True)

    async def of(self, tenant_id: UUID) -> Enforcement:
        """Return what is known; nothing while the database cannot be asked."""
        known = self._kept.get(tenant_id)
        if known and monotonic() - known[0] < self._kept_seconds:
            return known[1]
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _read, tenant_id)
        self._kept[tenant_id] = (monotonic(), found)
        return found


def _read(tenant_id: UUID) -> Enforcement:
    close_old_connections()
    try:
        with database.tenant(tenant_id):
            return enforcement.of(connector_of(tenant_id))
    except DatabaseError:
        log.warning("The rules of tenant %s cannot be read; phones are told less", tenant_id, exc_info=True)
        connections.close_all()
        return Enforcement(UNKNOWN)
