"""Each tenant's policy, read by Django's ORM in threads of its own and remembered for seconds."""

import asyncio
import functools
import logging
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.utils import DatabaseError

from vedette.api.dns.phones import UnavailableError
from vedette.api.dns.policy import Policy
from vedette.api.threads import Threads
from vedette.detection.web import judge_host
from vedette.devices import resolver
from vedette.feeds import web_lists, web_settings
from vedette.feeds.models import WebProtection
from vedette.foundation import config, database, name_server
from vedette.foundation.name_server import NameServer, NameServerError

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 3.0
THREADS: Final = 2


@dataclass
class _Kept:
    policy: Policy
    basis: tuple[object, ...]
    looked_at: float


class Policies:
    """What was read is used while a fresh look is under way; the last one stays while the database cannot be asked."""

    def __init__(self) -> None:
        self._threads = Threads(THREADS, "dns-policies")
        self._kept: dict[UUID, _Kept] = {}
        self._looking: dict[UUID, asyncio.Task[None]] = {}

    def known(self, tenant_id: UUID) -> Policy | None:
        """Return a tenant's policy if it was read; else ask `of`."""
        kept = self._kept.get(tenant_id)
        if kept is None:
            return None
        if time.monotonic() - kept.looked_at >= FRESH_SECONDS:
            self._ask(tenant_id)
        return kept.policy

    async def of(self, tenant_id: UUID) -> Policy:
        """Return a tenant's policy. Raises UnavailableError where it was never read and cannot be."""
        if (known := self.known(tenant_id)) is not None:
            return known
        await asyncio.shield(self._ask(tenant_id))
        return self._kept[tenant_id].policy

    def _ask(self, tenant_id: UUID) -> "asyncio.Task[None]":
        task = self._looking.get(tenant_id)
        if task is None:
            task = self._looking[tenant_id] = asyncio.create_task(self._look(tenant_id))
            task.add_done_callback(lambda done: self._looked(tenant_id, done))
        return task

    async def stop(self) -> None:
        """Let the database connections go."""
        await self._threads.stop()

    async def _look(self, tenant_id: UUID) -> None:
        kept = self._kept.get(tenant_id)
        try:
            policy, basis = await self._threads.run(_read, tenant_id, kept and (kept.policy, kept.basis))
        except DatabaseError as error:
            raise UnavailableError from error
        self._kept[tenant_id] = _Kept(policy, basis, time.monotonic())

    def _looked(self, tenant_id: UUID, done: "asyncio.Task[None]") -> None:
        self._looking.pop(tenant_id, None)
        if not done.cancelled() and done.exception():
            log.warning("The policy of tenant %s cannot be read: %r", tenant_id, done.exception())


def _read(
    tenant_id: UUID, kept: tuple[Policy, tuple[object, ...]] | None
) -> tuple[Policy, tuple[object, ...]]:
    """Read a policy; the one that is kept, with the verdicts it remembers, where nothing has changed."""
    lists = web_lists.lists_of(tenant_id)
    with database.tenant(tenant_id):
        settings = web_settings.current()
        row = resolver.settings()
    basis = (
        lists,
        *(settings.on, settings.upstream, settings.block_suspicious, settings.pause_minutes),
        *(row.sinkhole, row.fail_closed),
    )
    # the lists are compared as what they are: the same object as long as nothing changed
    if kept and kept[1][0] is lists and kept[1][1:] == basis[1:]:
        return kept[0], kept[1]
    policy = Policy(
        tenant_id,
        upstream_of(settings),
        on=settings.on,
        block_suspicious=settings.block_suspicious,
        sinkhole=row.sinkhole,
        fail_closed=row.fail_closed,
        pause_minutes=settings.pause_minutes,
        judge=functools.partial(judge_host, lists=lists),
    )
    return policy, basis


def upstream_of(settings: WebProtection) -> NameServer | None:
    """Return the name server that the tenant chose, else the installation's, else the machine's own."""
    if settings.upstream:
        try:
            return name_server.read(settings.upstream)
        except NameServerError:
            log.warning("The upstream of tenant %s cannot be read", settings.tenant_id)
            return None
    return config.current().dns_upstream or name_server.of_machine()
