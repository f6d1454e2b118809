"""Who calls: application keys and their tokens, as every API for other programs measures them.

The row of the key is looked at again at each use, so a revoked or expired key, a tenant that was disconnected and
an address outside the list are refused at once. When and from where a key was last used is written down once a
minute.
"""

import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection

from vedette.foundation import clock
from vedette.foundation.database import Pool, pool_system, pool_tenant
from vedette.tenants import access_tokens, application_keys
from vedette.tenants.access_tokens import ExpiredError, Token, TokenError
from vedette.tenants.models import Tenant

_NOTE_SECONDS: Final = 60.0
_NOTED: Final = 10_000


class KeyRefusedError(Exception):
    """A key or token does not open this door. `code` is expired, revoked, address, scope or unknown."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Caller:
    """Somebody who has proved a key: whose data they may see, what for, and until when (seconds since 1970)."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]
    generation: int
    expires_at: float
    name: str
    """Label and visible part of the key, for the audit trail."""

    def demand(self, scope: str) -> None:
        """Raise KeyRefusedError when the key is not for this."""
        if scope not in self.scopes:
            raise KeyRefusedError(
                "scope", f"This key may not do that: it lacks the scope {scope}. Make one that has it."
            )


class KeyRing:
    """Looks keys and tokens up on a pool that its caller opens and closes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted: OrderedDict[UUID, float] = OrderedDict()

    async def by_key(self, key: str, address: str) -> Caller:
        """Return who has this application key. Raises KeyRefusedError."""
        if not application_keys.looks_like_key(key):
            raise KeyRefusedError("unknown", "This is no application key of this service.")
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_BY_HASH, [application_keys.hash_key(key)])
            row = await cursor.fetchone()
        if row is None:
            raise KeyRefusedError("unknown", "This application key is not known here.")
        caller = _measured(row, address, float("inf"), None)
        async with pool_tenant(self._pool, caller.tenant_id) as connection:
            await self._note(connection, caller, address)
        return caller

    async def by_refresh(self, text: str, address: str) -> Caller:
        """Return who has this refresh token. Raises KeyRefusedError."""
        async with self.door(_read(text, "refresh"), address) as (caller, _connection):
            return caller

    @staticmethod
    def token(text: str) -> Token:
        """Return what an access token says, before anything is looked up. Raises KeyRefusedError."""
        return _read(text, "access")

    @asynccontextmanager
    async def door(self, token: Token, address: str) -> AsyncIterator[tuple[Caller, AsyncConnection[Any]]]:
        """Open the door of the tenant whose token this is. Raises KeyRefusedError."""
        async with pool_tenant(self._pool, token.tenant_id) as connection:
            cursor = await connection.execute(_BY_ID, [token.key_id])
            row = await cursor.fetchone()
            if row is None:
                raise KeyRefusedError("revoked", "The key behind this token is gone.")
            caller = _measured(row, address, token.expires_at, token)
            await self._note(connection, caller, address)
            yield caller, connection

    async def still_good(self, tenant_id: UUID, key_id: UUID, generation: int) -> bool:
        """Tell whether tokens of this generation are still worth something."""
        async with pool_tenant(self._pool, tenant_id) as connection:
            row = await (await connection.execute(_BY_ID, [key_id])).fetchone()
        return row is not None and not _fault(_Key(*row), clock.now()) and row[2] == generation

    async def _note(self, connection: AsyncConnection[Any], caller: Caller, address: str) -> None:
        now = time.monotonic()
        if now - self._noted.get(caller.key_id, -_NOTE_SECONDS) < _NOTE_SECONDS:
            return
        self._noted[caller.key_id] = now
        self._noted.move_to_end(caller.key_id)
        if len(self._noted) > _NOTED:
            self._noted.popitem(last=False)
        await connection.execute(_NOTE, {"key": caller.key_id, "now": clock.now(), "address": address})


@dataclass(frozen=True)
class _Key:
    id: UUID
    tenant_id: UUID
    generation: int
    scopes: list[str]
    addresses: list[str]
    expires_at: datetime | None
    revoked: bool
    tenant_status: str
    name: str


def _read(text: str, use: access_tokens.Use) -> Token:
    try:
        return access_tokens.read(text, use)
    except ExpiredError as error:
        raise KeyRefusedError("expired", str(error)) from error
    except TokenError as error:
        raise KeyRefusedError("unknown", str(error)) from error


def _measured(row: tuple[Any, ...], address: str, until: float, token: Token | None) -> Caller:
    key = _Key(*row)
    if refusal := _fault(key, clock.now()):
        raise refusal
    if token and token.generation != key.generation:
        raise KeyRefusedError("revoked", "This token was ended by an administrator. Get a new one.")
    if not application_keys.allows(key.addresses, address):
        raise KeyRefusedError(
            "address", f"This key may not be used from {address}. An administrator can add the address."
        )
    scopes = frozenset(key.scopes) & frozenset(token.scopes) if token else frozenset(key.scopes)
    if key.expires_at:
        until = min(until, time.time() + (key.expires_at - clock.now()).total_seconds())
    return Caller(key.tenant_id, key.id, scopes, key.generation, until, key.name)


def _fault(key: _Key, now: datetime) -> KeyRefusedError | None:
    if key.revoked:
        return KeyRefusedError(
            "revoked", "This application key was revoked. Ask an administrator for a new one."
        )
    if key.expires_at and key.expires_at <= now:
        return KeyRefusedError(
            "revoked", "This application key has expired. Ask an administrator for a new one."
        )
    if key.tenant_status == Tenant.Status.DISCONNECTED:
        return KeyRefusedError("revoked", "This tenant is disconnected.")
    return None


_COLUMNS: Final = """
select k.id, k.tenant_id, k.generation, k.scopes, k.addresses, k.expires_at, k.revoked_at is not null, t.status,
       k.label || ' (' || k.prefix || ')'
from tenants_applicationkey k join tenants_tenant t on t.id = k.tenant_id
"""
_BY_HASH: Final = f"{_COLUMNS} where k.key_hash = %s"
_BY_ID: Final = f"{_COLUMNS} where k.id = %s"
_NOTE: Final = """
update tenants_applicationkey set last_used_at = %(now)s, last_used_from = %(address)s where id = %(key)s
"""
