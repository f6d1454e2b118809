"""Who asks: the phone behind an address's token, remembered for seconds, and when an address was used."""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 3.0
"""So soon a withdrawn address ends and a pause begins."""
USABLE_SECONDS: Final = 300.0
"""So long a phone that was known goes on without a database."""
LOOK_SECONDS: Final = 0.5
REMEMBERED: Final = 50_000
_AT_ONCE: Final = 1000
_NOTED_EVERY: Final = 3600.0
_NEVER: Final = (-math.inf, None)


class UnavailableError(Exception):
    """The database cannot be asked, so nobody can tell who this is."""


@dataclass(frozen=True)
class Known:
    """Whose token it is. `usable`: the device is not deactivated."""

    device_id: UUID
    tenant_id: UUID
    usable: bool
    paused_until: datetime | None

    @cached_property
    def number(self) -> int:
        """Stands for the device where it is looked up for every question: a UUID is slow to hash."""
        return self.device_id.int

    @property
    def paused(self) -> bool:
        """Whether its person paused web protection."""
        return self.paused_until is not None and clock.now() < self.paused_until


class Phones:
    """Looks tokens up. What is remembered is used while a fresh look is under way, so that no query waits for it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._kept: OrderedDict[bytes, tuple[float, Known | None]] = OrderedDict()
        self._looking: dict[bytes, asyncio.Task[Known | None]] = {}
        self._stale: set[bytes] = set()
        """Asked for and no longer fresh: looked up together, many by one question to the database."""
        self._used: dict[UUID, datetime] = {}
        self._noted: OrderedDict[int, float] = OrderedDict()

    def known(self, hashed: bytes) -> Known | None:
        """Return whose token has this hash, if that is known without waiting; else ask `of`."""
        at, known = self._kept.get(hashed, _NEVER)
        age = time.monotonic() - at
        if age >= FRESH_SECONDS:
            self._stale.add(hashed)
        return known if age < USABLE_SECONDS else None

    async def of(self, hashed: bytes) -> Known | None:
        """Return whose token has this hash; None: nobody's. Raises UnavailableError."""
        if (known := self.known(hashed)) is not None:
            return known
        at, _nobody = self._kept.get(hashed, _NEVER)
        if time.monotonic() - at < FRESH_SECONDS:
            return None
        return await asyncio.shield(self._ask(hashed))

    def _ask(self, hashed: bytes) -> "asyncio.Task[Known | None]":
        task = self._looking.get(hashed)
        if task is None:
            task = self._looking[hashed] = asyncio.create_task(self._look(hashed))
            task.add_done_callback(lambda done: self._looked(hashed, done))
        return task

    def note(self, known: Known) -> None:
        """Note that a phone used its address, to the hour."""
        now = time.monotonic()
        if now - self._noted.get(known.number, -_NOTED_EVERY) < _NOTED_EVERY:
            return
        self._noted[known.number] = now
        self._used[known.device_id] = clock.now()
        if len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)

    async def run(self) -> None:
        """Look up what is no longer fresh, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            stale, self._stale = list(self._stale), set()
            for begin in range(0, len(stale), _AT_ONCE):
                try:
                    await self._refresh(stale[begin : begin + _AT_ONCE])
                except (psycopg.Error, PoolTimeout) as error:
                    log.warning("The resolver cannot look phones up: %s", error)
                except Exception:
                    log.exception("The resolver cannot look phones up")

    async def _refresh(self, stale: list[bytes]) -> None:
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_LOOK_ALL_UP, {"hashes": stale})
            found = {bytes(row[0]): Known(*row[1:]) for row in await cursor.fetchall()}
        for hashed in stale:
            self._keep(hashed, found.get(hashed))

    async def write(self) -> None:
        """Write down what was noted."""
        used, self._used = self._used, {}
        if not used:
            return
        async with pool_system(self._pool) as connection:
            await connection.execute(_NOTE, {"devices": list(used), "times": list(used.values())})

    async def _look(self, hashed: bytes) -> Known | None:
        try:
            async with pool_system(self._pool) as connection:
                cursor = await connection.execute(_LOOK_UP, {"hash": hashed})
                row = await cursor.fetchone()
        except (psycopg.Error, PoolTimeout) as error:
            raise UnavailableError from error
        return Known(*row) if row else None

    def _looked(self, hashed: bytes, done: "asyncio.Task[Known | None]") -> None:
        self._looking.pop(hashed, None)
        if done.cancelled():
            return
        if done.exception():
            log.warning("The resolver cannot look phones up: %s", done.exception())
            return
        self._keep(hashed, done.result())

    def _keep(self, hashed: bytes, known: Known | None) -> None:
        self._kept[hashed] = time.monotonic(), known
        self._kept.move_to_end(hashed)
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)


_LOOK_UP: Final = """
select a.device_id, a.tenant_id, d.activation_status <> 'DEACTIVATED', a.paused_until
from devices_resolveraddress a
join devices_device d on d.tenant_id = a.tenant_id and d.id = a.device_id
where a.token_hash = %(hash)s
"""
_LOOK_ALL_UP: Final = """
select a.token_hash, a.device_id, a.tenant_id, d.activation_status <> 'DEACTIVATED', a.paused_until
from devices_resolveraddress a
join devices_device d on d.tenant_id = a.tenant_id and d.id = a.device_id
where a.token_hash = any(%(hashes)s)
"""
_NOTE: Final = """
update devices_resolveraddress a set asked_at = u.at
from unnest(%(devices)s::uuid[], %(times)s::timestamptz[]) as u(device, at)
where a.device_id = u.device
"""
