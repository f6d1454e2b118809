"""The doors: the only ways to a tenant's rows (design.md 4).

Each door is a transaction under a role with few rights, and puts role and tenant back on exit, also
inside an outer transaction. Without a door PostgreSQL refuses the query: the login role has no rights
on tenant tables. Doors narrow, never widen: inside a tenant's door neither another tenant's nor the
system's opens.

`tenant`, `writer` and `system` work on Django's default connection; `pool_tenant`, `pool_writer` and
`pool_system` do the same on a psycopg pool for the thin ASGI application.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from vedette.foundation import roles

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class DoorError(Exception):
    """A door cannot be opened here."""


class NoDoorError(DoorError):
    """The tenant was asked for, and no tenant's door is open."""


class UnsafeLoginError(Exception):
    """The login role of DATABASE_URL could see past row-level security."""


@dataclass(frozen=True)
class _Door:
    role: str
    tenant: UUID | None


_CLOSED: Final = _Door("none", None)
_SET: Final = "select set_config('role', %s, true), set_config('vedette.tenant', %s, true)"
_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"
_SET_AND_LOCK: Final = f"{_SET}, pg_advisory_xact_lock(hashtextextended(%s, 0))"

# The door open on each of Django's connections. A connection belongs to one thread or task.
_open_doors: WeakKeyDictionary[BaseDatabaseWrapper, _Door] = WeakKeyDictionary()


@contextmanager
def tenant(tenant_id: UUID) -> Iterator[None]:
    """Open the door to one tenant's rows. Raises DoorError inside another tenant's door."""
    with _opened(_Door(roles.TENANT, tenant_id)):
        yield


@contextmanager
def writer(tenant_id: UUID) -> Iterator[None]:
    """Open the door to one tenant's rows as its only writer (design.md 2, rule 3).

    Waits for the tenant's advisory lock, which is held until the outermost transaction ends. Raises
    DoorError inside another tenant's door.
    """
    with _opened(_Door(roles.TENANT, tenant_id), lock=True):
        yield


@contextmanager
def system() -> Iterator[None]:
    """Open the door to every tenant's rows, for what precedes knowing the tenant.

    Only for finding the tenant (session, key, `tid`), the ingest insert and listing tenants with due
    work. Raises DoorError inside a tenant's door.
    """
    with _opened(_Door(roles.SYSTEM, None)):
        yield


def current_tenant() -> UUID:
    """Return the tenant whose door is open. Raises NoDoorError."""
    door = _open_doors.get(_connection(), _CLOSED)
    if door.tenant is None:
        raise NoDoorError("no tenant's door is open: wrap the call in database.tenant(id) or writer(id)")
    return door.tenant


def check_login() -> None:
    """Refuse a login role that row-level security would not hold. Raises UnsafeLoginError."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select session_user, rolsuper, rolbypassrls, rolinherit, exists (select from pg_class"
            " where relowner = r.oid and relkind in ('r', 'p') and relrowsecurity)"
            " from pg_roles r where rolname = session_user"
        )
        name, superuser, bypass, inherits, owner = cursor.fetchone()
    faults = [
        word
        for word, fault in [
            ("is a superuser", superuser),
            ("has BYPASSRLS", bypass),
            ("inherits the rights of the doors (needs NOINHERIT)", inherits),
            ("owns tenant tables", owner),
        ]
        if fault
    ]
    if faults:
        raise UnsafeLoginError(
            f"The role {name} of DATABASE_URL {' and '.join(faults)}, so tenants would not be kept apart."
            f" Connect as {roles.LOGIN}; only VEDETTE_MIGRATE_URL is for the owner."
        )


@contextmanager
def _opened(door: _Door, *, lock: bool = False) -> Iterator[None]:
    wrapper = _connection()
    before = _open_doors.get(wrapper, _CLOSED)
    _refuse_widening(before, door)
    nested = wrapper.in_atomic_block
    same = (
        nested and door == before
    )  # the settings stand already: nothing to say to the server, nor to put back
    with transaction.atomic():
        _enter(door, same=same, lock=lock)
        _open_doors[wrapper] = door
        try:
            yield
            # Commit or rollback to the savepoint undo the settings; only a released savepoint keeps them.
            if nested and not same and not wrapper.needs_rollback:
                _apply(before)
        finally:
            _open_doors[wrapper] = before


def _refuse_widening(before: _Door, door: _Door) -> None:
    if before.tenant not in {None, door.tenant}:
        wanted = f"tenant {door.tenant}" if door.tenant else "the system"
        raise DoorError(
            f"the door of tenant {before.tenant} is open: leave it before opening that of {wanted}"
        )


def _enter(door: _Door, *, same: bool, lock: bool) -> None:
    """Set role and tenant, and take the writer's lock, in one question to the server."""
    if lock:
        with connection.cursor() as cursor:
            if same:
                cursor.execute(_LOCK, [str(door.tenant)])
            else:
                cursor.execute(_SET_AND_LOCK, [door.role, str(door.tenant), str(door.tenant)])
    elif not same:
        _apply(door)


def _apply(door: _Door) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, [door.role, str(door.tenant or "")])


def _connection() -> BaseDatabaseWrapper:
    """Return this thread's connection itself: `connection` is a proxy that is the same for all threads."""
    return connections[DEFAULT_DB_ALIAS]


def make_pool(url: str, *, max_size: int = 10, name: str = "vedette") -> Pool:
    """Return a pool for the doors below, not yet open: `async with` or `await pool.open()`."""
    return AsyncConnectionPool(
        url, min_size=1, max_size=max_size, open=False, name=name, kwargs={"autocommit": True}
    )


@asynccontextmanager
async def pool_tenant(pool: Pool, tenant_id: UUID) -> AsyncIterator[AsyncConnection[Any]]:
    """Borrow a connection behind one tenant's door; the transaction commits when the block ends well."""
    async with _borrowed(pool, _Door(roles.TENANT, tenant_id)) as borrowed:
        yield borrowed


@asynccontextmanager
async def pool_writer(pool: Pool, tenant_id: UUID) -> AsyncIterator[AsyncConnection[Any]]:
    """Borrow a connection as the tenant's only writer."""
    async with _borrowed(pool, _Door(roles.TENANT, tenant_id), lock=True) as borrowed:
        yield borrowed


@asynccontextmanager
async def pool_system(
    pool: Pool,
) -> AsyncIterator[AsyncConnection[Any]]:
    """Borrow a connection behind the system's door."""
    async with _borrowed(pool, _Door(roles.SYSTEM, None)) as borrowed:
        yield borrowed


@asynccontextmanager
async def _borrowed(pool: Pool, door: _Door, *, lock: bool = False) -> AsyncIterator[AsyncConnection[Any]]:
    settings = [door.role, str(door.tenant or "")]
    async with pool.connection() as borrowed, borrowed.transaction():
        if lock:
            await borrowed.execute(_SET_AND_LOCK, [*settings, str(door.tenant)])
        else:
            await borrowed.execute(_SET, settings)
        yield borrowed
