import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql
from tests.support.database import Database

from vedette.foundation import health, roles
from vedette.project.health import health_app


def checks() -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in health.readiness()["checks"]}


def test_without_a_worker_the_service_is_not_ready(db: Database) -> None:
    found = checks()
    assert found["database"]["ok"]
    assert "PostgreSQL" in found["database"]["detail"]
    assert found["migrations"]["ok"], found["migrations"]["detail"]
    assert not found["worker"]["ok"]
    assert "vedette worker" in found["worker"]["detail"]
    assert not health.readiness()["ready"]
    with db.owner() as owner:
        owner.execute("insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour')")
        assert "3600 s" in checks()["worker"]["detail"]
        owner.execute("insert into procrastinate_workers default values")
    assert health.readiness()["ready"]


def test_a_missing_migration_is_named(db: Database) -> None:
    with db.owner() as owner:
        # the one that comes last, so that what depends on it is not missing too
        row = owner.execute(
            "select id, app, name, applied from django_migrations order by id desc"
        ).fetchone()
        assert row
        owner.execute("delete from django_migrations where id = %s", [row[0]])
        try:
            found = checks()["migrations"]
        finally:
            owner.execute("insert into django_migrations (app, name, applied) values (%s, %s, %s)", row[1:])
    assert not found["ok"]
    assert f"{row[1]}.{row[2]}" in found["detail"]
    assert "vedette migrate" in found["detail"]


@pytest.mark.usefixtures("db")
def test_no_database_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    found = health.readiness()
    connection.close()
    assert not found["ready"]
    (database,) = found["checks"]
    assert "refused" in database["detail"]
    assert connections["default"].settings_dict["PASSWORD"] not in database["detail"]


# --- what is wrong is said in one sentence, over HTTP, without secrets


def ask() -> tuple[int, dict[str, Any]]:
    """GET /readyz as a load balancer does."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app=health_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://vedette") as client:
            return await client.get("/readyz")

    answer = asyncio.run(get())
    return answer.status_code, answer.json()


@pytest.fixture
def elsewhere(db: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Point the service at another database address; put back afterwards."""
    assert db.name
    settings = connections.databases["default"]

    def point(**changes: str) -> None:
        connection.close()
        for name, value in changes.items():
            monkeypatch.setitem(settings, name, value)

    yield point
    connection.close()


@pytest.fixture
def bare(database: Database) -> Iterator[str]:
    """A database without any table."""
    name = f"test_bare_{uuid.uuid4().hex}"
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        admin.execute(f"create database {name} owner {roles.OWNER}")
        yield name
        admin.execute(f"drop database {name} with (force)")


def test_a_database_that_was_never_migrated_is_said_with_what_to_run(
    elsewhere: Callable[..., None], bare: str
) -> None:
    elsewhere(NAME=bare)
    status, body = ask()
    assert (status, body["ready"]) == (503, False)
    names = {check["name"]: check for check in body["checks"]}
    assert names["database"]["ok"]
    assert names["migrations"]["detail"] == "The database is empty: run `vedette migrate`."
    assert "worker" not in names, "what cannot be known yet is left out"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PORT": "1"}, health.UNREACHABLE),
        ({"PASSWORD": "guessed-wrong"}, health.LOGIN_REFUSED),
        ({"USER": "somebody_else"}, health.LOGIN_REFUSED),
        ({"NAME": "no_such_database"}, health.NO_DATABASE),
    ],
    ids=["nobody listens", "password", "role", "database"],
)
def test_a_database_that_cannot_be_used_is_one_sentence_without_secrets(
    elsewhere: Callable[..., None], changes: dict[str, str], sentence: str
) -> None:
    before = dict(connections.databases["default"])
    elsewhere(**changes)
    status, body = ask()
    assert status == 503
    (check,) = body["checks"]
    assert (check["name"], check["detail"]) == ("database", sentence)
    told = str(body)
    for secret in (before["PASSWORD"], before["USER"], *changes.values()):
        assert str(secret) not in told or len(str(secret)) < 3


def test_ready_is_200_and_an_absent_worker_503(db: Database) -> None:
    status, body = ask()
    assert status == 503
    assert body["checks"][-1]["detail"] == "No worker runs: start `vedette worker`."
    with db.owner() as owner:
        owner.execute("insert into procrastinate_workers default values")
    assert ask()[0] == 200


def test_tables_that_are_missing_or_forbidden_are_said_so(db: Database) -> None:
    with db.owner() as owner:
        owner.execute("alter table procrastinate_workers rename to put_aside")
        try:
            assert ask()[1]["checks"][-1]["detail"] == health.NOT_MIGRATED
        finally:
            owner.execute("alter table put_aside rename to procrastinate_workers")
        owner.execute(on_workers("revoke select on procrastinate_workers from {}"))
        try:
            assert ask()[1]["checks"][-1]["detail"] == health.NOT_ALLOWED
        finally:
            owner.execute(on_workers("grant select on procrastinate_workers to {}"))


def on_workers(statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(roles.LOGIN))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ('connection failed: FATAL: password authentication failed for user "v"', health.LOGIN_REFUSED),
        ("connection failed: FATAL: no pg_hba.conf entry for host", health.LOGIN_REFUSED),
        ('connection failed: FATAL: role "v" does not exist', health.LOGIN_REFUSED),
        ('connection failed: FATAL: database "v" does not exist', health.NO_DATABASE),
        ('connection failed: FATAL: permission denied for database "v"', health.LOGIN_REFUSED),
        ("connection failed: FATAL: sorry, too many clients already", health.BUSY),
        ("connection failed: FATAL: the database system is starting up", health.STARTING),
        ("connection failed: FATAL: the database system is shutting down", health.STARTING),
        ("connection timeout expired", health.TOO_SLOW),
        ("connection failed: could not translate host name", health.UNREACHABLE),
        ("[Errno -2] failed to resolve host 'db'", health.UNREACHABLE),
        ("connection failed: No route to host: network is unreachable", health.UNREACHABLE),
        ("etwas anderes", health.OTHER),
    ],
)
def test_postgresqls_words_become_ours(words: str, sentence: str) -> None:
    assert health.sentence(psycopg.OperationalError(words)) == sentence
