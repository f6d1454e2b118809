"""The four roles and the database, on any PostgreSQL from 15 on (design.md 4).

The embedded server runs this at each start. For a server of your own its administrator runs it once.
"""

from typing import Any, Final

from psycopg import Connection, sql

from vedette.foundation import roles
from vedette.foundation.postgres.binaries import PostgresError
from vedette.foundation.postgres.files import DATABASE

_ROLES: Final = {
    roles.OWNER: "login inherit",
    roles.LOGIN: "login noinherit",
    roles.TENANT: "nologin",
    roles.SYSTEM: "nologin",
}


class RolesError(PostgresError):
    """A role has rights that would let it see past row-level security."""


def bootstrap_roles(
    connection: Connection[Any], *, owner_password: str, login_password: str, database: str = DATABASE
) -> None:
    """Make or mend the roles and the database; `connection` is a superuser's, in autocommit.

    Safe to repeat. Passwords are sent as SCRAM verifiers, so no server log can hold them. Raises RolesError
    when a role of that name is a superuser or has BYPASSRLS.
    """
    present = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    for role, rights in _ROLES.items():
        word = "alter" if role in present else "create"
        connection.execute(sql.SQL(f"{word} role {{}} {rights}").format(sql.Identifier(role)))
    _refuse_powerful(connection)
    _set_password(connection, roles.OWNER, owner_password)
    _set_password(connection, roles.LOGIN, login_password)
    connection.execute(f"grant {roles.TENANT}, {roles.SYSTEM} to {roles.LOGIN}")
    exists = connection.execute("select from pg_database where datname = %s", [database]).fetchone()
    name = sql.Identifier(database)
    if exists is None:
        connection.execute(sql.SQL("create database {} owner {}").format(name, sql.Identifier(roles.OWNER)))
    # others on the same server have no business here
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(
        sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(roles.LOGIN))
    )


def _refuse_powerful(connection: Connection[Any]) -> None:
    powerful = connection.execute(
        "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls)", [list(_ROLES)]
    ).fetchall()
    if powerful:
        names = ", ".join(name for (name,) in powerful)
        raise RolesError(
            f"{names} may bypass row-level security, so tenants would not be kept apart."
            " Run: alter role <name> nosuperuser nobypassrls"
        )


def _set_password(connection: Connection[Any], role: str, password: str) -> None:
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
    )
