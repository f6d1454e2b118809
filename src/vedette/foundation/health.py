"""Is the service ready? Database, migrations, worker: each with what is wrong and what to do (design.md 5)."""

import time
from dataclasses import dataclass
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error as DatabaseError

from vedette.foundation import database
from vedette.foundation.config import ConfigError

WORKER_SECONDS: Final = 30.0


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
    """Return `{"ready": bool, "checks": [{"name", "ok", "detail", "seconds"}]}`; never raises for a fault."""
    checks = [_timed("database", _database)]
    if checks[0].ok:
        checks += [_timed("migrations", _migrations), _timed("worker", _worker)]
    return {"ready": all(check.ok for check in checks), "checks": [check.as_json() for check in checks]}


def _timed(name: str, look: Any) -> Check:
    begun = time.monotonic()
    try:
        ok, detail = look()
    except (DatabaseError, ConfigError, database.UnsafeLoginError) as error:
        ok, detail = False, str(error).strip()
    return Check(name, ok, detail, time.monotonic() - begun)


def _database() -> tuple[bool, str]:
    database.check_login()
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        (version,) = cursor.fetchone()
    return True, f"PostgreSQL {version}"


def _migrations() -> tuple[bool, str]:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        first = missing[0][0]
        return (
            False,
            f"{len(missing)} not applied, first {first.app_label}.{first.name}: run `vedette migrate`",
        )
    return True, "all applied"


def _worker() -> tuple[bool, str]:
    """Ask for the youngest heartbeat of any worker, in the database's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), extract(epoch from now() - max(last_heartbeat))::float from procrastinate_workers"
        )
        workers, age = cursor.fetchone()
    if not workers:
        return False, "no worker runs: start `vedette worker`"
    if age > WORKER_SECONDS:
        return False, f"no worker has been heard of for {age:.0f} s: look at its log and start it again"
    return True, f"{workers} running, last heard of {age:.0f} s ago"
