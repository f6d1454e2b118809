"""The demo's database: empty at each start, made from a migrated one that is kept for the next start."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from vedette.foundation import postgres, roles
from vedette.foundation.postgres.files import DATABASE

PACKAGE: Final = Path(__file__).resolve().parents[2]
PREFIX: Final = "migrated_"


def begin(server: postgres.Server) -> bool:
    """Put an empty database in the place of yesterday's; tell whether it has all tables already."""
    kept = _kept_name()
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(DATABASE))
        )
        ready_made = _exists(connection, kept)
        template = sql.SQL("template {}").format(sql.Identifier(kept)) if ready_made else sql.SQL("")
        connection.execute(
            sql.SQL("create database {} owner {} {}").format(
                sql.Identifier(DATABASE), sql.Identifier(roles.OWNER), template
            )
        )
    return ready_made


def keep(server: postgres.Server) -> None:
    """Keep a copy of the freshly migrated database, which nobody may be connected to; older ones go."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        names = connection.execute(
            "select datname from pg_database where starts_with(datname, %s)", [PREFIX]
        ).fetchall()
        for (name,) in names:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(_kept_name()), sql.Identifier(DATABASE)
            )
        )


def _exists(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    return bool(connection.execute("select from pg_database where datname = %s", [name]).rowcount)


def _kept_name() -> str:
    """Name the copy by what it was made from: every migration and what they use, and the queue's version."""
    digest = hashlib.sha256(f"{version('procrastinate')} {version('django')}".encode())
    helpers = [PACKAGE / "foundation" / name for name in ("rls.py", "roles.py", "tables.py")]
    for path in [*sorted(PACKAGE.glob("**/migrations/*.py")), *helpers]:
        digest.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return PREFIX + digest.hexdigest()[:16]
