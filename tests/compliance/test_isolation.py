# ruff: noqa: S608 - the names of tables are ours
"""Tenants are kept apart by the database, also where code forgets; positions are commit order."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts, make_world

from vedette.compliance import web_encounters
from vedette.compliance.assess import assess
from vedette.compliance.web_encounters import Encounter
from vedette.detection.web import WebLists, judge_host
from vedette.devices.models import Device, DeviceScan
from vedette.events.log import Draft, emit
from vedette.events.models import Event
from vedette.feeds import threat_feeds, web_names
from vedette.foundation import clock, database
from vedette.scans.models import Scan
from vedette.tenants import application_keys
from vedette.tenants.application_keys import Scope, Wish

TABLES = [
    "devices_device", "devices_devicegroup", "devices_devicekey", "devices_invitation", "devices_report",
    "devices_waitingidentity", "threats_threat", "threats_policylevel", "threats_policyparameters",
    "threats_policywish", "compliance_devicestate", "compliance_statechange", "compliance_detectorfailure",
    "directory_directoryuser", "directory_directorydevice", "directory_directorypass", "events_event",
    "events_eventhead", "tenants_applicationkey", "feeds_threatfeed",
    "feeds_threatfeeddomain", "scans_scan", "devices_devicescan",
    "feeds_webprotection", "feeds_webname", "compliance_webencounter", "native_keptanswer",
]  # fmt: skip


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("compliance isolation", with_everything)


@pytest.fixture
def full(world: World) -> World:
    return world


def with_everything() -> World:
    """A tenant with a row in (nearly) every table."""
    world = begin()
    (device,) = world.activated()
    world.report(device, facts(BAD_PACKAGE, posture={"encrypted": None}))
    assess(world.tenant_id)
    web_names.add(world.tenant_id, "deny", ["bad.example"], ADA)
    met = judge_host("bad.example", WebLists.of(denied={"bad.example": ""}))
    web_encounters.record(world.tenant_id, [Encounter(device.id, "bad.example", met, clock.now(), "doh")])
    with database.writer(world.tenant_id):
        application_keys.create(Wish("SIEM", [Scope.EVENTS]), ADA)
        feed = threat_feeds.create("Our list", "", allow_analysis=False, actor=ADA)
        threat_feeds.apply(feed, {"bad.example": "add"}, ADA)
        now = clock.now()
        scan = Scan.objects.create(
            tenant_id=world.tenant_id, created_at=now, file_name="a.zip", size=1, sha256="", keep_until=now
        )
        DeviceScan.objects.create(
            tenant_id=world.tenant_id,
            device=device,
            scan=scan,
            collected_at=now,
            expires_at=now,
            attached_at=now,
        )
    return world


@pytest.mark.parametrize("table", TABLES)
def test_a_stranger_sees_no_row_even_with_raw_sql(full: World, stranger: World, table: str) -> None:
    with database.system(), connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table} where tenant_id = %s", [full.tenant_id])
        mine = cursor.fetchone()[0]
    assert mine or table in {"devices_waitingidentity", "threats_policywish", "native_keptanswer"}
    with database.tenant(stranger.tenant_id), connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table} where tenant_id = %s", [full.tenant_id])
        assert cursor.fetchone()[0] == 0
        if table != "events_event":
            cursor.execute(f"delete from {table} where tenant_id = %s", [full.tenant_id])
            assert cursor.rowcount == 0


@pytest.mark.parametrize("table", TABLES)
def test_without_a_door_there_is_an_error_not_an_empty_page(full: World, table: str) -> None:
    assert full
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"select * from {table}")


def test_a_stranger_cannot_write_into_another_tenant(full: World, stranger: World) -> None:
    (device,) = full.devices()
    with database.tenant(stranger.tenant_id), connection.cursor() as cursor:
        cursor.execute("update devices_device set owner_upn = 'mine' where id = %s", [device.id])
        assert cursor.rowcount == 0
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        database.tenant(stranger.tenant_id),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "insert into directory_directoryuser (id, tenant_id, oid, upn, display_name, mail, enabled)"
            " values (gen_random_uuid(), %s, gen_random_uuid(), 'x', '', '', true)",
            [full.tenant_id],
        )


def test_a_row_cannot_refer_to_another_tenants_row(full: World, stranger: World) -> None:
    """The composite key holds even for the system's role, which sees both tenants."""
    (device,) = full.devices()
    from django.db import IntegrityError  # noqa: PLC0415 beside its use

    with pytest.raises(IntegrityError), database.system(), connection.cursor() as cursor:
        cursor.execute(
            "insert into devices_report (id, tenant_id, device_id, key_id, sequence, body_hash, received_at,"
            " observed_at, device_observed_at, skew_seconds, digest, problem)"
            " values (gen_random_uuid(), %s, %s, 'k', 1, '', now(), now(), now(), 0, '', '')",
            [stranger.tenant_id, device.id],
        )


@pytest.mark.usefixtures("world")
def test_the_systems_door_writes_only_what_precedes_knowing_the_tenant() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname, string_agg(right_, ', ' order by right_) from pg_class,"
            " unnest(array['insert', 'update', 'delete', 'truncate']) as right_"
            " where relrowsecurity and has_table_privilege('vedette_system', pg_class.oid, right_)"
            " group by relname"
        )
        assert dict(cursor.fetchall()) == {
            "tenants_tenant": "insert",
            "devices_device": "update",
            "devices_devicekey": "update",
            "devices_report": "insert",
            "devices_resolveraddress": "update",
        }


def test_assessing_one_tenant_leaves_the_other_alone(full: World, stranger: World) -> None:
    (device,) = stranger.activated()
    stranger.report(device, facts())
    assess(full.tenant_id)
    assert stranger.state(device) == "pending"
    assess(stranger.tenant_id)
    assert stranger.state(device) == "secured"
    theirs = full.devices()[0].id
    with database.tenant(stranger.tenant_id):
        assert not Device.objects.filter(id=theirs).exists()


def test_twelve_writers_leave_no_hole_and_commit_in_order(db: Database) -> None:
    world = make_world("Writers")
    """A reader that resumes after the last position it saw misses nothing (design.md 2, rule 3)."""
    writers, each = 12, 15
    done = threading.Event()
    seen: list[int] = []

    def write(number: int) -> None:
        try:
            for turn in range(each):
                with database.writer(world.tenant_id):
                    emit(Draft(action=f"test.{number}.{turn}", actor=ADA))
        finally:
            connections.close_all()

    def read() -> None:
        with psycopg.connect(db.owner_url, autocommit=True) as reader:
            while True:
                last_look = done.is_set()
                rows = reader.execute(
                    "select position from events_event where tenant_id = %s and position > %s order by position",
                    [world.tenant_id, seen[-1] if seen else 0],
                ).fetchall()
                seen.extend(row[0] for row in rows)
                if last_look:
                    return

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    done.set()
    reader.join(30)
    with database.tenant(world.tenant_id):
        total = Event.objects.count()
    assert total == writers * each
    assert seen == list(range(1, total + 1))
