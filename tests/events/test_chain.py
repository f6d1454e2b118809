"""Tampering with the event log is named: where, and what was done."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import CliRunner
from django.db import transaction
from tests.support.database import Database
from tests.support.world import ADA, make_world

from vedette.events.chain import Fault, Verdict, verify
from vedette.events.log import Draft, Target, change, emit
from vedette.events.models import Event
from vedette.foundation import database
from vedette.project.commands import audit

Rows = list[Event]
Tamper = Callable[[psycopg.Connection[Any], Rows], object]
COLUMNS = (
    "tenant_id, type, change_type, occurred_at, actor_type, actor_id, actor_name, target_type, target_id, "
    "target_name, changes, detail, previous_hash, hash"
)


def written(tenant_id: UUID) -> Rows:
    """Six acts with events of a device between them, of which none is the first or the last."""
    target = Target("policy", "1", "Default")
    with database.writer(tenant_id):
        for risk in range(6):
            if risk:
                emit(Draft("device.seen", type=Event.Type.DEVICE))
            changes = [change("TROJAN.risk", risk, risk + 1)]
            emit(Draft("policy.levels_changed", actor=ADA, target=target, changes=changes))
    with database.tenant(tenant_id):
        return list(Event.objects.filter(type=Event.Type.AUDIT).order_by("position"))


def checked(tenant_id: UUID) -> Verdict:
    with database.tenant(tenant_id):
        return verify()


@pytest.fixture
def tenant_id(db: Database) -> UUID:
    assert db.name
    return make_world("Contoso").tenant_id


def set_column(assignment: str) -> Tamper:
    def tamper(connection: psycopg.Connection[Any], rows: Rows) -> None:
        connection.execute(f"update events_event set {assignment} where id = %s", [rows[3].id])  # noqa: S608 the table below

    return tamper


def remove(which: slice) -> Tamper:
    def tamper(connection: psycopg.Connection[Any], rows: Rows) -> None:
        connection.execute("delete from events_event where id = any(%s)", [[row.id for row in rows[which]]])

    return tamper


def swap(connection: psycopg.Connection[Any], rows: Rows) -> None:
    for row, position in ((rows[1], -1), (rows[4], rows[1].position), (rows[1], rows[4].position)):
        connection.execute("update events_event set position = %s where id = %s", [position, row.id])


def copy_to(place: Callable[[Rows], int]) -> Tamper:
    def tamper(connection: psycopg.Connection[Any], rows: Rows) -> None:
        connection.execute(
            f"insert into events_event (id, position, action, {COLUMNS}) "  # noqa: S608 our own names
            f"select %s, %s, 'policy.forged', {COLUMNS} from events_event where id = %s",
            [uuid4(), place(rows), rows[3].id],
        )

    return tamper


# what is done to the log, which of the six rows it is noticed at, or the position, and what is said of it
CASES: dict[str, tuple[Tamper, int | Callable[[Rows], int], Fault]] = {
    "the last row removed": (remove(slice(5, 6)), 5, Fault.REMOVED),
    "the last two removed": (remove(slice(4, 6)), 4, Fault.REMOVED),
    "all rows removed": (remove(slice(None)), 0, Fault.REMOVED),
    "the first row removed": (remove(slice(1)), 0, Fault.REMOVED),
    "a middle row removed": (remove(slice(3, 4)), 3, Fault.REMOVED),
    "the person changed": (set_column("actor_name = 'somebody else'"), 3, Fault.CHANGED),
    "the act changed": (set_column("action = 'policy.read'"), 3, Fault.CHANGED),
    "from and to changed": (set_column("changes = '[]'"), 3, Fault.CHANGED),
    "the object changed": (set_column("target_id = ''"), 3, Fault.CHANGED),
    "the time changed": (set_column("occurred_at = occurred_at + interval '1 second'"), 3, Fault.CHANGED),
    "the detail changed": (set_column("detail = '{\"a\": 1}'"), 3, Fault.CHANGED),
    "the hash changed": (set_column("hash = '\\x00'"), 3, Fault.CHANGED),
    "hidden as another type": (set_column("type = 'DEVICE'"), 4, Fault.MOVED),
    "two rows swapped": (swap, 1, Fault.MOVED),
    "a row moved to the end": (copy_to(lambda rows: rows[-1].position + 1), lambda rows: rows[-1].position + 1,
                               Fault.ADDED),
    "a row far behind the end": (copy_to(lambda _rows: 100_000), lambda _rows: 100_000, Fault.ADDED),
    "an event that is no act removed": (
        lambda connection, rows: connection.execute(
            "delete from events_event where position = %s", [rows[2].position + 1]
        ),
        lambda rows: rows[2].position + 1,
        Fault.REMOVED,
    ),
    "the head of another log": (
        lambda connection, _rows: connection.execute("update events_eventhead set audit_hash = '\\x00'"),
        5,
        Fault.HEAD,
    ),
    "no head": (lambda connection, _rows: connection.execute("delete from events_eventhead"), 0, Fault.ADDED),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_tampering_is_named(db: Database, tenant_id: UUID, case: str) -> None:
    tamper, where, fault = CASES[case]
    rows = written(tenant_id)
    assert checked(tenant_id) == Verdict(6, bytes(rows[-1].hash or b"").hex())
    with db.owner() as connection:
        tamper(connection, rows)
    found = checked(tenant_id)
    assert (found.broken_at, found.fault) == (where(rows) if callable(where) else rows[where].position, fault)


def test_a_log_without_events_is_whole(tenant_id: UUID) -> None:
    assert checked(tenant_id) == Verdict(0)


def test_what_was_rolled_back_leaves_no_hole(tenant_id: UUID) -> None:
    with database.writer(tenant_id):
        emit(Draft("policy.levels_changed"))
        transaction.set_rollback(True)
    assert checked(tenant_id) == Verdict(0)
    assert len(written(tenant_id)) == 6
    assert checked(tenant_id).fault is None


def test_the_command_names_it_and_other_tenants_are_whole(db: Database, tenant_id: UUID) -> None:
    other = make_world("Fabrikam").tenant_id
    last = written(tenant_id)[-1]
    written(other)
    whole = CliRunner().invoke(audit, ["verify"])
    assert whole.exit_code == 0, whole.output
    assert whole.output.count("6 audit events, unbroken") == 2
    with db.owner() as connection:
        connection.execute("delete from events_event where id = %s", [last.id])
    broken = CliRunner().invoke(audit, ["verify"])
    assert broken.exit_code == 1
    assert f"BROKEN at position {last.position}: the row of this position was removed" in broken.output
    assert broken.output.count("unbroken") == 1
    told = json.loads(CliRunner().invoke(audit, ["verify", "--json"]).output)
    assert told[f"Contoso ({tenant_id})"]["fault"] == "removed"
    assert told[f"Fabrikam ({other})"]["broken_at"] is None
