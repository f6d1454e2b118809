"""PostgreSQL for tests: one server for all runs, a migrated template, a database for each xdist worker.

The product connects as the login role, so row-level security is really tested. The server runs with
fsync off and is kept between runs (its watcher stops it when no run needs it); the template's name holds
a digest of the migrations, so a changed migration makes a new one.
"""

import hashlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from vedette.foundation import postgres, roles
from vedette.foundation.postgres.client import Server

SOURCE = Path(postgres.__file__).parents[2]  # the package vedette
# crash safety costs half of the time and a test database is thrown away
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SYSTEM_15 = Path("/usr/lib/postgresql/15/bin")
FORGOTTEN_AFTER_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Database:
    """One worker's database and the ways into it."""

    name: str
    server: Server
    _keepers: list[psycopg.Connection[Any]] = field(default_factory=list, repr=False)

    @property
    def login_url(self) -> str:
        """The product's way in: sees nothing without a door."""
        return self.server.url(roles.LOGIN, self.name)

    @property
    def owner_url(self) -> str:
        """For migrations, and for tests that look past row-level security."""
        return self.server.url(roles.OWNER, self.name)

    @property
    def superuser_url(self) -> str:
        return self.server.url("postgres", self.name)

    def owner(self) -> psycopg.Connection[Any]:
        """Open a connection in autocommit that sees every tenant's rows."""
        return psycopg.connect(self.owner_url, autocommit=True)

    def empty(self) -> None:
        """Remove all rows of all tables but the list of migrations; waits for whoever still writes."""
        try:
            self._empty()
        except psycopg.OperationalError:
            # a test has ended every connection: that closed ours, and the next one is new
            self._empty()

    def _empty(self) -> None:
        keeper = self.keeper()
        tables = [name for (name,) in keeper.execute(_TABLES, prepare=True)]
        # one question for all tables, planned once: most of them hold nothing
        held = " union all ".join(f"select '{name}' where exists (select from {name})" for name in tables)  # noqa: S608 names of our tables, quoted by the server
        filled = [name for (name,) in keeper.execute(held.encode(), prepare=True)]
        used = [name for (name,) in keeper.execute(_USED_SEQUENCES, prepare=True)]
        # Deleted, not truncated: TRUNCATE makes new files for each table and index, 0.25 s a time.
        steps = [f"lock table {name} in exclusive mode; delete from {name}" for name in filled]  # noqa: S608 as above
        steps += [f"alter sequence {name} restart" for name in used]
        if steps:
            keeper.execute("; ".join(steps).encode())

    def keeper(self) -> psycopg.Connection[Any]:
        """Give the superuser's connection of the whole run: signing in costs more than emptying."""
        if not self._keepers or self._keepers[-1].closed:
            keeper = psycopg.connect(self.superuser_url, autocommit=True)
            # replica: no triggers, so neither the order of foreign keys nor "events are never deleted" matters
            keeper.execute("set lock_timeout = '10s'; set session_replication_role = replica")
            self._keepers[:] = [keeper]
        return self._keepers[-1]


_TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname = 'public' and tablename <> 'django_migrations'
"""
_USED_SEQUENCES = """
select format('%I.%I', schemaname, sequencename) from pg_sequences
where schemaname = 'public' and last_value is not null and sequencename not like 'django\\_migrations%'
"""


def home() -> Path:
    """Where the tests' server lives: another one for another user, way of starting it or version."""
    digest = _digest((SOURCE / "foundation/postgres").glob("*.py"))[:8]
    version = "15" if on_system_15() else "wheel"
    return Path(tempfile.gettempdir()) / f"vedette-tests-{os.geteuid()}-{version}-{digest}"


def on_system_15() -> bool:
    return os.environ.get("TEST_DATABASE_SERVER") == "system15"


@contextmanager
def server() -> Iterator[Server]:
    """Hold the tests' server."""
    if on_system_15():
        os.environ["VEDETTE_POSTGRES_BIN"] = str(SYSTEM_15)
    with postgres.acquire(home(), settings=SETTINGS) as held:
        yield held


@contextmanager
def database(held: Server, migrate: Any) -> Iterator[Database]:
    """Make a database from the template, and drop it at the end. `migrate(url)` makes the template."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(held.superuser_url, autocommit=True) as admin:
        # one worker at a time: the others find the template made, and no connection to it
        admin.execute("select pg_advisory_lock(8080)")
        _drop_forgotten(admin)
        template = _template(held, admin, migrate)
        admin.execute(
            sql.SQL("create database {} template {} owner {}").format(
                *map(sql.Identifier, (name, template, roles.OWNER))
            )
        )
        admin.execute(_stamp(name))
        admin.execute("select pg_advisory_unlock(8080)")
        try:
            yield Database(name, held)
        finally:
            admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _template(held: Server, admin: psycopg.Connection[Any], migrate: Any) -> str:
    """Return the name of a database with all migrations applied."""
    sources = [*SOURCE.glob("**/migrations/*.py"), *SOURCE.glob("foundation/*.py")]
    name = f"template_{_digest(sources)[:16]}"
    if admin.execute("select from pg_database where datname = %s", [name]).fetchone() is not None:
        return name
    draft = f"test_draft_{uuid.uuid4().hex}"
    names = {
        "draft": sql.Identifier(draft),
        "name": sql.Identifier(name),
        "owner": sql.Identifier(roles.OWNER),
    }
    admin.execute(sql.SQL("create database {draft} owner {owner}").format(**names))
    try:
        migrate(held.url(roles.OWNER, draft))
        admin.execute(sql.SQL("alter database {draft} rename to {name}").format(**names))
    except BaseException:
        admin.execute(sql.SQL("drop database {draft} with (force)").format(**names))
        raise
    admin.execute(_stamp(name))
    return name


def _stamp(name: str) -> sql.Composed:
    """Note in the database's comment when it was made."""
    return sql.SQL(
        "do $$ begin execute format('comment on database {} is %L', extract(epoch from now())); end $$"
    ).format(sql.Identifier(name))


def _drop_forgotten(admin: psycopg.Connection[Any]) -> None:
    """Drop what killed runs left behind, and templates of old migrations."""
    forgotten = admin.execute(
        "select datname from pg_database d where (datname like 'test\\_%%' or datname like 'template\\_%%')"
        " and coalesce(shobj_description(oid, 'pg_database')::float, 0) < extract(epoch from now()) - %s"
        " and not exists (select from pg_stat_activity a where a.datid = d.oid)",
        [FORGOTTEN_AFTER_SECONDS],
    ).fetchall()
    for (name,) in forgotten:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _digest(files: Any) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()
