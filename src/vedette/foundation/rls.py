"""SQL of tenant safety, as migration operations (design.md 4; runs on PostgreSQL 15 and 18).

A migration makes its tables with Django's operations and then says who may do what with them::

    operations = [..., rls.protect("devices_device"), rls.shared("feeds_feed")]

Row-level security is ENABLEd but not FORCEd. FORCE would put the owner under the policies too, and the owner
(`vedette_owner`) only runs migrations: a data migration would then silently change no rows, and a SECURITY
DEFINER search function would find none, unless a policy let the owner see everything, which is what leaving
FORCE away says. The product never connects as owner: `database.check_login` refuses a login role that owns
tables, is a superuser or has BYPASSRLS.
"""

import re
from typing import Final

from django.db.migrations import RunSQL

from vedette.foundation.roles import LOGIN, SYSTEM, TENANT

READ: Final = "select"
APPEND: Final = "select, insert"
WRITE: Final = "select, insert, update, delete"

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PRIVILEGES = re.compile(r"(select|insert|update|delete)(, (select|insert|update|delete))*")


def schema() -> RunSQL:
    """Make schema `vedette` with `vedette.tenant()`, the open door's tenant or null: the first migration."""
    tenant = (
        "create or replace function vedette.tenant() returns uuid language sql stable parallel safe"
        " as $$ select nullif(current_setting('vedette.tenant', true), '')::uuid $$"
    )
    return RunSQL(
        [
            "create schema if not exists vedette",
            tenant,
            f"grant usage on schema vedette to {LOGIN}, {TENANT}, {SYSTEM}",
        ],
        ["drop function vedette.tenant()", "drop schema vedette"],
    )


def protect(
    table: str, tenant_column: str = "tenant_id", *, tenant: str = WRITE, system: str = READ
) -> RunSQL:
    """Put `table` under row-level security: a tenant's door sees its rows, the system's door all.

    `tenant` and `system` are the privileges behind each door, for example `APPEND` for a log that nobody may
    change. The system's door only reads, except where something precedes knowing the tenant: it is the one
    that a mistake would carry across tenants. The login role gets nothing: without a door PostgreSQL answers
    "permission denied".
    """
    name, column = _name(table), _name(tenant_column)
    return RunSQL(
        [
            f"alter table {name} enable row level security",
            f"create policy own_tenant on {name} to {TENANT} using ({column} = (select vedette.tenant()))",
            f"create policy every_tenant on {name} to {SYSTEM} using (true)",
            *_grant(name, TENANT, tenant),
            *_grant(name, SYSTEM, system),
        ],
        [
            *_revoke(name, TENANT, SYSTEM),
            f"drop policy every_tenant on {name}",
            f"drop policy own_tenant on {name}",
            f"alter table {name} disable row level security",
        ],
    )


def shared(table: str, *, tenant: str = READ, system: str = WRITE, login: str = "") -> RunSQL:
    """Grant rights on a table that belongs to no tenant (feeds, sessions): no policies, only privileges.

    `login` is for what runs before any door can be opened; leave it empty for everything else.
    """
    name = _name(table)
    return RunSQL(
        [*_grant(name, TENANT, tenant), *_grant(name, SYSTEM, system), *_grant(name, LOGIN, login)],
        [*_revoke(name, TENANT, SYSTEM, LOGIN)],
    )


def jobs() -> RunSQL:
    """Grant rights on procrastinate's tables; depends on the last migration of app `procrastinate`.

    The worker runs without a door; behind a door jobs can be added (in its own transaction), never taken.
    """
    tables = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
    sequences = (
        "procrastinate_jobs_id_seq, procrastinate_events_id_seq,"
        " procrastinate_periodic_defers_id_seq, procrastinate_workers_id_seq"
    )
    everyone = f"{LOGIN}, {TENANT}, {SYSTEM}"
    return RunSQL(
        [
            f"grant {WRITE} on {tables} to {LOGIN}",
            f"grant {APPEND} on procrastinate_jobs, procrastinate_events to {TENANT}, {SYSTEM}",
            f"grant usage on sequence {sequences} to {everyone}",
        ],
        [
            f"revoke all on {tables} from {everyone}",
            f"revoke all on sequence {sequences} from {everyone}",
        ],
    )


def _grant(table: str, role: str, privileges: str) -> list[str]:
    if not privileges:
        return []
    if not _PRIVILEGES.fullmatch(privileges):
        raise ValueError(f"unknown privileges {privileges!r}: use READ, APPEND or WRITE")
    return [f"grant {privileges} on {table} to {role}"]


def _revoke(table: str, *roles: str) -> list[str]:
    return [f"revoke all on {table} from {', '.join(roles)}"]


def _name(identifier: str) -> str:
    if not _NAME.fullmatch(identifier):
        raise ValueError(f"{identifier!r} is not a plain lower-case SQL name")
    return identifier
