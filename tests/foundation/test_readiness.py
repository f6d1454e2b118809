from typing import Any

import pytest
from django.db import connection, connections
from tests.support.database import Database

from vedette.foundation import health


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
