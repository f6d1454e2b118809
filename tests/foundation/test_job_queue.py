"""Jobs with the real procrastinate worker, and LISTEN/NOTIFY, both as the login role."""

import asyncio
import threading
import time
from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from django.db import close_old_connections, connection, transaction
from tests.support.database import Database

from vedette.foundation import database, jobs

TENANT = UUID(int=7)
ran: list[str] = []


@jobs.task
def note(word: str) -> None:
    ran.append(word)


@jobs.task
def fail(word: str) -> None:
    ran.append(word)
    raise ValueError("on purpose")


@jobs.task
def overlap(word: str) -> None:
    ran.append(f"{word} begins")
    time.sleep(0.05)
    ran.append(f"{word} ends")


released = threading.Event()


@jobs.task_in(jobs.READING)
def hang(word: str) -> None:
    assert released.wait(30)
    ran.append(word)


@jobs.task_in(jobs.READING)
def read(word: str) -> None:
    ran.append(word)


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


def work() -> None:
    """Run a worker until the queue is empty."""

    async def until_empty() -> None:
        async with jobs.app.open_async():
            await jobs.app.run_worker_async(wait=False, concurrency=4, install_signal_handlers=False)

    asyncio.run(until_empty())


def queued(db: Database) -> list[tuple[str, str]]:
    """List the jobs of these tests; at a full minute the worker adds the product's periodic ones."""
    with db.owner() as owner:
        return owner.execute(
            "select task_name, status::text from procrastinate_jobs where task_name like %s order by id",
            [f"{__name__}.%"],
        ).fetchall()


def test_a_job_runs_and_is_gone(db: Database) -> None:
    assert jobs.defer(note, word="one")
    assert queued(db) == [(note.name, "todo")]
    work()
    assert ran == ["one"]
    assert queued(db) == []


def test_a_job_that_fails_stays_to_be_seen(db: Database) -> None:
    jobs.defer(fail, word="one")
    work()
    assert ran == ["one"]
    assert queued(db) == [(fail.name, "failed")]


def defer_and_stop() -> None:
    with database.writer(TENANT):
        jobs.defer(note, word="never")
        raise ValueError("stop")


def test_a_job_is_added_in_the_transaction_of_the_door(db: Database) -> None:
    with database.tenant(TENANT):
        jobs.defer(note, word="by a tenant")
        assert queued(db) == [], "visible before the commit"
    with database.system():
        jobs.defer(note, word="by the system")
    with pytest.raises(ValueError, match="stop"):
        defer_and_stop()
    work()
    assert sorted(ran) == ["by a tenant", "by the system"]


@pytest.mark.usefixtures("db")
def test_behind_a_tenants_door_jobs_cannot_be_taken() -> None:
    with (
        database.tenant(TENANT),
        connection.cursor() as cursor,
        pytest.raises(Exception, match="permission denied"),
    ):
        cursor.execute("delete from procrastinate_jobs")


def test_a_job_that_waits_is_not_doubled(db: Database) -> None:
    assert jobs.defer(note, lock="poll:1", word="first")
    with transaction.atomic():
        assert not jobs.defer(note, lock="poll:1", word="second")
        assert jobs.defer(note, lock="poll:2", word="the transaction goes on")
    assert jobs.defer(fail, lock="poll:1", word="another job")
    assert jobs.defer(note, word="no lock")
    assert jobs.defer(note, word="no lock")
    assert not jobs.defer(note, queueing_lock=f"{note.name}:poll:1", word="x")
    assert len(queued(db)) == 5


@pytest.mark.usefixtures("db")
def test_jobs_of_one_lock_run_one_at_a_time() -> None:
    for number in range(3):
        jobs.defer(overlap, lock="tenant", queueing_lock=f"q{number}", word=str(number))
    for _ in range(3):
        # a worker that may not wait ends when all that is left is locked
        work()
    assert ran == [f"{n} {word}" for n in range(3) for word in ("begins", "ends")]


@pytest.mark.usefixtures("db")
def test_readings_that_hang_hold_up_neither_other_readings_nor_local_jobs() -> None:
    released.clear()
    for number in range(4):
        jobs.defer(hang, lock=f"poll:{number}", word=f"hanging {number}")
    jobs.defer(read, lock="poll:5", word="fifth tenant")
    jobs.defer(note, word="local")

    async def until_released() -> None:
        async with jobs.app.open_async():
            at_work = asyncio.create_task(jobs.work(wait=False))
            await asyncio.to_thread(until, lambda: {"fifth tenant", "local"} <= set(ran), "held up")
            assert len(ran) == 2
            released.set()
            await at_work

    asyncio.run(until_released())
    assert len(ran) == 6


def test_a_job_for_later_waits(db: Database) -> None:
    jobs.defer(note, seconds=3600, word="later")
    work()
    assert ran == []
    assert len(queued(db)) == 1


def test_what_a_dead_worker_had_begun_is_begun_again(db: Database) -> None:
    jobs.defer(note, lock="poll:1", word="stalled")
    jobs.defer(fail, lock="poll:9", word="waits twice")
    with db.owner() as owner:
        dead = owner.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour') returning id"
        ).fetchone()
        assert dead
        owner.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", [dead[0]])
    jobs.defer(fail, lock="poll:9", word="waits twice")

    async def rescue() -> None:
        async with jobs.app.open_async():
            await jobs.app.configure_task("vedette.foundation.jobs.rescue").defer_async(timestamp=0)
            await jobs.app.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(rescue())
    assert sorted(ran) == ["stalled", "waits twice"]


def test_listening_hears_and_connects_again(db: Database) -> None:
    heard: list[str] = []
    stop = threading.Event()

    def listen() -> None:
        # one by one: the test looks at each as it comes
        hear = heard.append
        for channel in jobs.listen(["reports", "deliveries"], timeout=0.2, stop=stop):
            hear(channel)
        close_old_connections()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        until(lambda: heard == [""], "not connected")
        with database.tenant(TENANT):
            jobs.notify("reports")
            assert "reports" not in heard, "heard before the commit"
        until(lambda: "reports" in heard, "not heard")
        until(lambda: heard[-1] == "", "no time-out")
        with psycopg.connect(db.superuser_url, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                # the server is everybody's: other workers listen in databases of their own
                " where datname = current_database() and query ilike 'listen%'"
            )
        # notifications while nobody listened are lost: hence the empty text after a new connection
        count = len(heard)
        until(lambda: len(heard) > count, "did not connect again")

        def heard_after_breaking() -> bool:
            jobs.notify("deliveries")
            return "deliveries" in heard

        until(heard_after_breaking, "deaf after the connection broke")
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
