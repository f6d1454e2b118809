"""Tenant safety with the real roles: the product's connection is the login role's."""

import asyncio
import threading
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from tests.support.database import Database

from vedette.foundation import database
from vedette.foundation.ids import new_id

ONE, OTHER = UUID(int=1), UUID(int=2)


def run(statement: str, *values: str | UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def add(tenant: UUID, text: str) -> None:
    run("insert into note (tenant_id, text) values (%s, %s)", tenant, text)


def add_and_stop() -> None:
    with database.tenant(ONE):
        add(ONE, "rolled back")
        raise ValueError("stop")


def texts() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select text from note order by id")
        return [text for (text,) in cursor.fetchall()]


def who() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("select current_user, coalesce(current_setting('vedette.tenant', true), '')")
        name, tenant = cursor.fetchone()
        return name, tenant


@pytest.fixture
def two_tenants(notes: Database) -> Database:
    for tenant, text in ((ONE, "mine"), (OTHER, "theirs")):
        with database.tenant(tenant):
            add(tenant, text)
    return notes


@pytest.mark.usefixtures("two_tenants")
def test_without_a_door_there_is_an_error_not_an_empty_page() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        texts()


@pytest.mark.usefixtures("two_tenants")
def test_a_tenants_door_shows_its_rows_only() -> None:
    with database.tenant(ONE):
        assert texts() == ["mine"]
        assert database.current_tenant() == ONE
    with database.tenant(new_id()):
        assert texts() == []


@pytest.mark.usefixtures("two_tenants")
def test_the_systems_door_shows_all() -> None:
    with database.system():
        assert texts() == ["mine", "theirs"]
        with pytest.raises(database.NoDoorError):
            database.current_tenant()


@pytest.mark.usefixtures("two_tenants")
def test_rows_of_another_tenant_cannot_be_written_changed_or_deleted() -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), database.tenant(ONE):
        add(OTHER, "smuggled")
    with database.tenant(ONE):
        run("update note set text = 'x' where tenant_id = %s", OTHER)
        run("delete from note where tenant_id = %s", OTHER)
    with pytest.raises(ProgrammingError, match="row-level security"), database.tenant(ONE):
        run("update note set tenant_id = %s", OTHER)
    with database.tenant(OTHER):
        assert texts() == ["theirs"]


@pytest.mark.usefixtures("two_tenants")
def test_the_setting_alone_opens_nothing() -> None:
    with transaction.atomic():
        run("select set_config('vedette.tenant', %s, true)", str(ONE))
        with pytest.raises(ProgrammingError, match="permission denied"):
            texts()


@pytest.mark.usefixtures("two_tenants")
def test_the_role_without_a_tenant_sees_nothing() -> None:
    with transaction.atomic():
        run("set local role vedette_tenant")
        assert texts() == []


@pytest.mark.usefixtures("notes")
def test_the_login_role_cannot_become_the_owner() -> None:
    with pytest.raises(DatabaseError, match="permission denied"):
        run("set role vedette_owner")


@pytest.mark.usefixtures("notes")
def test_role_and_tenant_are_put_back() -> None:
    with database.tenant(ONE):
        assert who() == ("vedette_tenant", str(ONE))
    assert who() == ("vedette_login", "")
    with pytest.raises(database.NoDoorError):
        database.current_tenant()


@pytest.mark.usefixtures("notes")
def test_role_and_tenant_are_put_back_inside_an_outer_transaction() -> None:
    with transaction.atomic():
        with database.tenant(ONE):
            add(ONE, "kept")
        assert who() == ("vedette_login", "")
        with database.tenant(OTHER):
            assert texts() == []
        with pytest.raises(ValueError, match="stop"):
            add_and_stop()
        assert who() == ("vedette_login", "")
    with database.tenant(ONE):
        assert texts() == ["kept"]


@pytest.mark.usefixtures("notes")
def test_an_error_of_the_database_inside_a_nested_door_leaves_the_outer_one_usable() -> None:
    with database.tenant(ONE):
        with pytest.raises(DatabaseError), database.tenant(ONE):
            run("select 1/0")
        assert who() == ("vedette_tenant", str(ONE))
        assert texts() == []


@pytest.mark.usefixtures("notes")
def test_a_rolled_back_inner_block_puts_back_too() -> None:
    with database.system():
        with database.tenant(ONE):
            transaction.set_rollback(True)
        assert who() == ("vedette_system", "")


@pytest.mark.usefixtures("notes")
def test_doors_narrow() -> None:
    with database.system():
        with database.tenant(ONE):
            assert who() == ("vedette_tenant", str(ONE))
            assert database.current_tenant() == ONE
        assert who() == ("vedette_system", "")
        with database.tenant(OTHER):
            assert database.current_tenant() == OTHER


@pytest.mark.usefixtures("notes")
def test_doors_never_widen() -> None:
    with database.tenant(ONE):
        with pytest.raises(database.DoorError, match=str(OTHER)), database.tenant(OTHER):
            pytest.fail("opened")
        with pytest.raises(database.DoorError, match=str(OTHER)), database.writer(OTHER):
            pytest.fail("opened")
        with pytest.raises(database.DoorError, match="system"), database.system():
            pytest.fail("opened")
        assert database.current_tenant() == ONE
        with database.writer(ONE):
            assert database.current_tenant() == ONE
        assert who() == ("vedette_tenant", str(ONE))


def test_writers_of_one_tenant_wait_for_each_other(notes: Database) -> None:
    started, finish, order = threading.Event(), threading.Event(), []

    def first() -> None:
        with database.writer(ONE):
            started.set()
            assert finish.wait(10)
            order.append("first")
        connection.close()

    def second() -> None:
        with database.writer(ONE):
            order.append("second")
        connection.close()

    threads = [threading.Thread(target=work) for work in (first, second)]
    threads[0].start()
    assert started.wait(10)
    threads[1].start()
    _until_someone_waits_for_a_lock(notes)
    with database.writer(OTHER):
        order.append("another tenant does not wait")
    with database.tenant(ONE):
        order.append("nor does a reader")
    finish.set()
    for thread in threads:
        thread.join(10)
    assert order == ["another tenant does not wait", "nor does a reader", "first", "second"]


def test_a_writer_inside_a_transaction_keeps_the_lock_to_its_end(notes: Database) -> None:
    lock = "select pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
    with notes.owner() as other:
        with database.tenant(ONE), database.writer(ONE):
            pass
        assert other.execute(lock, [str(ONE)]).fetchone() == (True,)
        with database.tenant(ONE):
            with database.writer(ONE):
                pass
            assert other.execute(lock, [str(ONE)]).fetchone() == (False,)


@pytest.mark.usefixtures("notes")
def test_threads_have_doors_of_their_own() -> None:
    seen: list[str] = []

    def look() -> None:
        try:
            database.current_tenant()
        except database.NoDoorError:
            seen.append("none")
        connection.close()

    with database.tenant(ONE):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
    assert seen == ["none"]


def test_the_pools_doors(two_tenants: Database) -> None:
    async def story() -> None:
        async with database.make_pool(two_tenants.login_url, max_size=2) as pool:
            async with database.pool_tenant(pool, ONE) as borrowed:
                assert await _texts(borrowed) == ["mine"]
            async with database.pool_system(pool) as borrowed:
                assert await _texts(borrowed) == ["mine", "theirs"]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with pool.connection() as borrowed:
                    await _texts(borrowed)
            with pytest.raises(ValueError, match="stop"):
                await _delete_and_stop(pool)
            async with database.pool_writer(pool, ONE) as borrowed:
                await borrowed.execute("insert into note (tenant_id, text) values (%s, 'more')", [ONE])
            async with database.pool_tenant(pool, ONE) as borrowed:
                assert await _texts(borrowed) == ["mine", "more"]

    asyncio.run(story())


def test_a_login_role_that_could_see_past_the_doors_is_refused(notes: Database) -> None:
    database.check_login()
    settings = connection.settings_dict
    before = settings["USER"], settings["PASSWORD"]
    try:
        for role, word in (("postgres", "superuser"), ("vedette_owner", "owns tenant tables")):
            connection.close()
            settings["USER"], settings["PASSWORD"] = role, notes.server.folder.password(role)
            with pytest.raises(database.UnsafeLoginError, match=word):
                database.check_login()
    finally:
        connection.close()
        settings["USER"], settings["PASSWORD"] = before


async def _delete_and_stop(pool: database.Pool) -> None:
    async with database.pool_writer(pool, ONE) as borrowed:
        await borrowed.execute("delete from note")
        raise ValueError("stop")


async def _texts(borrowed: psycopg.AsyncConnection[tuple[str]]) -> list[str]:
    found = await borrowed.execute("select text from note order by id")
    return [text for (text,) in await found.fetchall()]


def _until_someone_waits_for_a_lock(notes: Database) -> None:
    waiting = "select from pg_locks where locktype = 'advisory' and not granted"
    with psycopg.connect(notes.superuser_url, autocommit=True) as admin:
        for _ in range(1000):
            if admin.execute(waiting).fetchone() is not None:
                return
            admin.execute("select pg_sleep(0.01)")
    pytest.fail("nobody waits")
