"""Is the service ready? Database, migrations, worker: each with what is wrong and what to do (design.md 5).

Anybody may ask, so an answer is one sentence of ours and never PostgreSQL's own words, which can name hosts, roles
and queries.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError

from vedette.foundation import database
from vedette.foundation.config import ConfigError
from vedette.foundation.jobs import LANES

log = logging.getLogger(__name__)

WORKER_SECONDS: Final = 30.0

UNREACHABLE: Final = (
    "PostgreSQL does not answer at the address in DATABASE_URL (refused or not found): "
    "start it, or correct the address."
)
TOO_SLOW: Final = "PostgreSQL does not answer in time: look at its load, and at the network on the way to it."
LOGIN_REFUSED: Final = (
    "PostgreSQL refuses the role or the password in DATABASE_URL: "
    "set the password that the role has, then restart."
)
NO_DATABASE: Final = (
    "The database named in DATABASE_URL does not exist: create it, then run `vedette migrate`."
)
BUSY: Final = "PostgreSQL has no connection left for Vedette: raise max_connections, or run fewer processes."
STARTING: Final = "PostgreSQL is starting or stopping: wait a moment, then look at its log."
NOT_MIGRATED: Final = "The tables are missing or older than this program: run `vedette migrate`."
NOT_ALLOWED: Final = (
    "The role in DATABASE_URL may not read Vedette's own tables: run `vedette migrate`, which grants that."
)
OTHER: Final = "PostgreSQL failed in an unexpected way: look at the log of this process and at PostgreSQL's."

# libpq gives no code for what goes wrong while connecting, only words.
_WORDS: Final = (
    ("password authentication failed", LOGIN_REFUSED),
    ("no password supplied", LOGIN_REFUSED),
    ("no pg_hba.conf entry", LOGIN_REFUSED),
    ("is not permitted to log in", LOGIN_REFUSED),
    ("permission denied for database", LOGIN_REFUSED),
    ('role "', LOGIN_REFUSED),
    ('" does not exist', NO_DATABASE),
    ("too many clients", BUSY),
    ("remaining connection slots", BUSY),
    ("is starting up", STARTING),
    ("is shutting down", STARTING),
    ("timeout expired", TOO_SLOW),
    ("timed out", TOO_SLOW),
    ("refused", UNREACHABLE),
    ("could not translate", UNREACHABLE),
    ("failed to resolve", UNREACHABLE),
    ("no such file", UNREACHABLE),
    ("unreachable", UNREACHABLE),
)


@dataclass(frozen=True)
class Check:
    """One answer; `seconds` is how long it took to find out."""

    name: str
    ok: bool
    detail: str
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the check for `/readyz`."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "seconds": round(self.seconds, 3)}


def readiness() -> dict[str, Any]:
    """Return `{"ready": bool, "checks": [{"name", "ok", "detail", "seconds"}]}`; never raises for a fault.

    What cannot be known before an earlier fault is mended is left out.
    """
    checks: list[Check] = []
    for name, look in (("database", _database), ("migrations", _migrations), ("worker", _worker)):
        checks.append(_timed(name, look))
        if not checks[-1].ok:
            break
    return {"ready": all(check.ok for check in checks), "checks": [check.as_json() for check in checks]}


def sentence(error: Exception) -> str:
    """Say what is wrong with the database and what to do, without any of PostgreSQL's own words."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return NOT_MIGRATED
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return NOT_ALLOWED
    if isinstance(cause, psycopg.errors.QueryCanceled | psycopg.errors.ConnectionTimeout):
        return TOO_SLOW
    if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
        said = str(cause).casefold()
        return next((answer for words, answer in _WORDS if words in said), OTHER)
    return OTHER


def _timed(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    begun = time.monotonic()
    try:
        ok, detail = look()
    except (ConfigError, ImproperlyConfigured, database.UnsafeLoginError) as error:
        ok, detail = False, str(error).strip()
    except DatabaseError as error:
        ok, detail = False, sentence(error)
        log.warning("Not ready, %s: %s", name, detail, exc_info=detail is OTHER)
    return Check(name, ok, detail, time.monotonic() - begun)


def _database() -> tuple[bool, str]:
    database.check_login()
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        (version,) = cursor.fetchone()
    return True, f"PostgreSQL {version}"


def _migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return True, "all applied"
    if not executor.loader.applied_migrations:
        return False, "The database is empty: run `vedette migrate`."
    first = plan[0][0]
    return False, f"{len(plan)} not applied, first {first.app_label}.{first.name}: run `vedette migrate`."


def _worker() -> tuple[bool, str]:
    """Ask for the youngest heartbeat of any worker, in the database's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), extract(epoch from now() - max(last_heartbeat))::float from procrastinate_workers"
        )
        workers, age = cursor.fetchone()
    if not workers:
        return False, "No worker runs: start `vedette worker`."
    if age > WORKER_SECONDS:
        return False, f"No worker has been heard of for {age:.0f} s: look at its log and start it again."
    # Each worker has a row for each of its lanes.
    running = -(-workers // len(LANES))
    return True, f"{running} running, last heard of {age:.0f} s ago"
