"""A change of levels above the limit: asked for, applied whole or not at all by a job, told and audited."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection
from tests.support.database import Database
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import change_policy, policy_wish, signals
from vedette.compliance import jobs as compliance_jobs
from vedette.compliance.assess import assess
from vedette.compliance.models import StateChange
from vedette.compliance.policy_wish import Busy
from vedette.devices.models import Device, DeviceGroup
from vedette.events.chain import verify
from vedette.events.models import Event
from vedette.foundation import database, jobs
from vedette.threats.models import PolicyLevel, PolicyWish

LOWER = {"TROJAN": (1, "alert")}
PHONES = 3


@pytest.fixture
def group(world: World) -> DeviceGroup:
    return change_policy.ensure_defaults(world.tenant_id)


@pytest.fixture
def phones(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    """Three phones at high risk, worked on one by one; two threats may be re-rated while a person waits."""
    monkeypatch.setattr(change_policy, "LARGEST", PHONES - 1)
    monkeypatch.setattr(change_policy, "STEP", 1)
    devices = world.activated(PHONES)
    for device in devices:
        world.report(device, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    return devices


def ask(world: World, group: DeviceGroup) -> PolicyWish:
    wish = policy_wish.ask(world.tenant_id, group.id, LOWER, actor=ADA)
    assert isinstance(wish, PolicyWish)
    return wish


def apply(wish: PolicyWish) -> None:
    """What the job does."""
    policy_wish.apply_wish.func(str(wish.tenant_id), str(wish.id))


def seen(db: Database) -> tuple[list[int], list[str], int, list[int]]:
    """What others see: risks of threats, states, the level in force, how many are done."""
    with db.owner() as owner:
        return (
            [row[0] for row in owner.execute("select risk from threats_threat").fetchall()],
            [row[0] for row in owner.execute("select state from compliance_devicestate").fetchall()],
            owner.execute("select risk from threats_policylevel where classification = 'TROJAN'").fetchall()[
                0
            ][0],
            [row[0] for row in owner.execute("select done from threats_policywish").fetchall()],
        )


BEFORE = ([4] * PHONES, ["high"] * PHONES, 4)
AFTER = ([1] * PHONES, ["secured"] * PHONES, 1)


@contextmanager
def hearing(react: Callable[[], object]) -> Iterator[None]:
    """Do something in the middle: after each step's states have changed, inside the transaction."""

    def receiver(**_more: Any) -> None:
        react()

    signals.states_changed.connect(receiver)
    try:
        yield
    finally:
        signals.states_changed.disconnect(receiver)


def waiting(db: Database) -> list[str]:
    with db.owner() as owner:
        rows = owner.execute(
            "select args ->> 'wish_id' from procrastinate_jobs where task_name = %s and status = 'todo'",
            [policy_wish.apply_wish.name],
        )
        return [row[0] for row in rows.fetchall()]


def acts(tenant_id: UUID) -> list[Event]:
    with database.tenant(tenant_id):
        assert verify().fault is None
        return list(Event.objects.filter(action__startswith="policy.").order_by("position"))


def test_it_is_kept_then_applied_whole_by_the_worker(
    db: Database, world: World, group: DeviceGroup, phones: list[Device]
) -> None:
    wish = ask(world, group)
    assert seen(db) == (*BEFORE, [0])
    assert waiting(db) == [str(wish.id)]

    async def until_empty() -> None:
        async with jobs.app.open_async():
            await jobs.app.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(until_empty())
    assert seen(db) == (*AFTER, [PHONES])
    assert [world.state(phone) for phone in phones] == ["secured"] * PHONES
    with database.tenant(world.tenant_id):
        assert policy_wish.current(group.id) is None
        assert PolicyWish.objects.get().outcome == "applied"
        positions = list(
            StateChange.objects.filter(cause="policy").order_by("changed_at", "id").values_list("position")
        )
    assert positions == sorted(positions)
    requested, applied = acts(world.tenant_id)
    for event, action in ((requested, "policy.change_requested"), (applied, "policy.levels_changed")):
        assert (event.action, event.actor_name) == (action, ADA.name)
        assert event.changes == [{"attribute": "TROJAN.risk", "from": "HIGH", "to": "ADVISORY"}]
    assert requested.detail == {"threats": PHONES}


def test_nobody_sees_half_of_it_but_how_far_it_is(
    db: Database, world: World, group: DeviceGroup, phones: list[Device]
) -> None:
    assert phones
    wish = ask(world, group)
    looks: list[Any] = []
    with hearing(lambda: looks.append(seen(db))):
        apply(wish)
    assert looks == [(*BEFORE, [done]) for done in range(PHONES)]
    assert seen(db) == (*AFTER, [PHONES])


def test_a_second_change_waits_for_the_first(world: World, group: DeviceGroup, phones: list[Device]) -> None:
    assert phones
    wish = ask(world, group)
    with pytest.raises(Busy, match=rf"{ADA.name} changed the policy .* \(0 of {PHONES} threats\)"):
        policy_wish.ask(world.tenant_id, group.id, {"WORM": (1, "alert")}, actor=ADA)
    apply(wish)
    assert policy_wish.ask(world.tenant_id, group.id, {"WORM": (1, "alert")}, actor=ADA) == []


def test_a_change_within_the_limit_is_applied_at_once(
    db: Database, world: World, group: DeviceGroup, phones: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert phones
    monkeypatch.setattr(change_policy, "LARGEST", PHONES)
    changes = policy_wish.ask(world.tenant_id, group.id, LOWER, actor=ADA)
    assert isinstance(changes, list)
    assert len(changes) == PHONES
    assert (seen(db), waiting(db)) == ((*AFTER, []), [])


def test_a_worker_that_dies_changes_nothing_and_the_next_begins_anew(
    db: Database, world: World, group: DeviceGroup, phones: list[Device]
) -> None:
    assert phones
    wish = ask(world, group)
    with db.owner() as owner:
        owner.execute("delete from procrastinate_jobs")

    def die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            (pid,) = cursor.fetchone()
        if seen(db)[3] == [1]:
            with psycopg.connect(db.superuser_url, autocommit=True) as superuser:
                superuser.execute("select pg_terminate_backend(%s, 10000)", [pid])

    with hearing(die), pytest.raises(OperationalError):
        apply(wish)
    connection.close()
    assert seen(db)[:3] == BEFORE
    assert [event.action for event in acts(world.tenant_id)] == ["policy.change_requested"]
    for _ in range(2):
        compliance_jobs.resume_policy_wishes.func(0)
    assert waiting(db) == [str(wish.id)]
    apply(wish)
    apply(wish)  # a second one finds nothing to do
    assert seen(db) == (*AFTER, [PHONES])
    assert [event.action for event in acts(world.tenant_id)][1:] == ["policy.levels_changed"]


def test_what_cannot_be_applied_is_told_and_leaves_nothing(
    db: Database, world: World, group: DeviceGroup, phones: list[Device]
) -> None:
    assert phones
    wish = ask(world, group)

    def refuse() -> None:
        raise ValueError("a receiver that raises")

    with hearing(refuse):
        apply(wish)
    assert seen(db)[:3] == BEFORE
    with database.tenant(world.tenant_id):
        assert policy_wish.current(group.id) is None
        assert policy_wish.last_failed(group.id) == wish
    failed = acts(world.tenant_id)[-1]
    assert (failed.action, failed.actor_type) == ("policy.change_failed", "SYSTEM")
    assert failed.detail == {"reason": policy_wish.REASON, "asked_by": ADA.name}
    apply(ask(world, group))
    with database.tenant(world.tenant_id):
        assert policy_wish.last_failed(group.id) is None
        assert PolicyLevel.objects.get(group=group, classification="TROJAN").risk == 1


def test_a_wish_belongs_to_its_tenant(
    world: World, stranger: World, group: DeviceGroup, phones: list[Device]
) -> None:
    assert phones
    wish = ask(world, group)
    with database.tenant(stranger.tenant_id):
        assert not PolicyWish.objects.exists()
    policy_wish.apply_wish.func(str(stranger.tenant_id), str(wish.id))
    with database.tenant(world.tenant_id):
        assert policy_wish.current(group.id) == wish
