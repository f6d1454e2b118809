"""Deliveries are locked in order of device, and the publisher outlives a database that is away."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql
from tests.support.database import Database
from tests.support.world import World, load_intelligence, make_world

from vedette.connectors import deliver, publisher
from vedette.connectors.deliver import Owed
from vedette.connectors.models import Delivery
from vedette.foundation import database as doors

ROUTE = "attribute"


@pytest.fixture
def world(db: Database) -> World:
    assert db.name
    load_intelligence()
    made = make_world()
    for _ in range(2):
        made.phone()
    made.poll()
    return made


def owe(world: World, value: str) -> None:
    """Owe it to the last device first."""
    ids = sorted((device.id for device in world.devices()), reverse=True)
    with doors.writer(world.tenant_id):
        deliver.owe(world.tenant_id, ROUTE, [Owed(device_id, value) for device_id in ids])


def settle(world: World, claimed: list[Delivery]) -> None:
    backwards = sorted(claimed, key=lambda delivery: str(delivery.device_id), reverse=True)
    results = [deliver.result(d, Delivery.Status.CONFIRMED, value=d.desired) for d in backwards]
    deliver.settle(world.tenant_id, claimed, results)


@pytest.mark.parametrize("step", ["owe", "settle"])
def test_rows_are_locked_in_order_of_device(world: World, database: Database, step: str) -> None:
    owe(world, "mtd:pending")
    claimed = deliver.claim(world.tenant_id, ROUTE, 10) if step == "settle" else []
    first, last = sorted(device.id for device in world.devices())

    def work() -> None:
        if step == "settle":
            settle(world, claimed)
        else:
            owe(world, "mtd:high")

    lock = "select from connectors_delivery where device_id = %s for update nowait"
    with database.owner() as holder, database.owner() as onlooker, in_thread(work, holder, lock, first):
        until(lambda: waiting(onlooker, holder))
        # whoever waits for the first row must not have the last one yet
        onlooker.execute(lock, [last])
        holder.rollback()
    assert {d.desired if step == "owe" else d.status for d in deliveries(world)} == {
        "mtd:high" if step == "owe" else "confirmed"
    }


def deliveries(world: World) -> list[Delivery]:
    with doors.tenant(world.tenant_id):
        return list(Delivery.objects.filter(route=ROUTE))


def waiting(onlooker: psycopg.Connection[Any], holder: psycopg.Connection[Any]) -> bool:
    blocked = "select from pg_locks where not granted and %s = any(pg_blocking_pids(pid))"
    return onlooker.execute(blocked, [holder.info.backend_pid]).fetchone() is not None


@contextmanager
def in_thread(
    work: Callable[[], None], holder: psycopg.Connection[Any], lock: str, first: uuid.UUID
) -> Iterator[None]:
    """Run it in a thread while the first row is held; the block lets go of it."""
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again by the test
            troubles.append(error)
        finally:
            connections.close_all()

    holder.autocommit = False
    holder.execute(lock, [first])
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        holder.rollback()
    thread.join(20)
    assert not thread.is_alive()
    assert troubles == []


def until(true: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def test_the_publisher_outlives_a_database_that_is_away(
    world: World, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.tenant_id
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=[stop], daemon=True)
    thread.start()

    def said(words: str) -> int:
        return sum(words in record.getMessage() for record in caplog.records)

    try:
        with away(database):
            until(lambda: said("cannot reach the database") > 0)
            assert thread.is_alive()
        until(lambda: said("reaches the database again") > 0)
        assert said("cannot reach the database") == 1
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join(10)
        connection.close()


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Let nobody connect to this database, and end the connections there are."""
    permit = sql.SQL("alter database {} with allow_connections {}")
    name = sql.Identifier(database.name)
    with psycopg.connect(database.server.superuser_url, autocommit=True) as admin:
        admin.execute(permit.format(name, sql.SQL("false")))
        try:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [database.name]
            )
            yield
        finally:
            admin.execute(permit.format(name, sql.SQL("true")))
