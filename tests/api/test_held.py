"""One tenant's long transaction holds up its own phones only, and two batches are under way at once."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.api.conftest import Phone, Service
from tests.support.database import Database
from tests.support.world import World, facts, make_world

from vedette.api.device.batch import Batcher
from vedette.devices.models import Report
from vedette.foundation import database


def enrolled(world: World, service: Service) -> Phone:
    (device,) = world.activated()
    phone = Phone(service, device_id=str(device.id))
    phone.key = world.activate(device)
    return phone


@pytest.mark.parametrize(
    "hold",
    [
        "select from devices_device where tenant_id = %s for update",
        "select from devices_devicekey where tenant_id = %s for update",
        # a report's foreign key points at it
        "select from tenants_tenant where id = %s for update",
    ],
)
def test_a_tenant_that_is_held_delays_nobody_else(
    world: World, service: Service, database: Database, hold: str
) -> None:
    mine = enrolled(world, service)
    others = [enrolled(make_world(f"Other {number}"), service) for number in range(2)]
    with database.owner() as holder, ThreadPoolExecutor(1) as pool:
        with holder.transaction():
            assert holder.execute(hold, [world.tenant_id]).rowcount
            waits = pool.submit(mine.check_in, facts())
            for turn in range(5):
                for other in others:
                    answer = other.check_in(facts("org.example.new" if turn % 2 else "org.example.old"))
                    assert answer.status_code == 200, answer.text
            assert not waits.done()
        # free again: the phone that waited is answered, and its report is in
        answer = waits.result(10)
    assert answer.status_code == 200, answer.text
    assert reports(world) == 1


def test_who_waits_too_long_is_told_to_come_back(
    world: World, service: Service, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.api.device.check_in._HELD_SECONDS", 0.2)
    phone = enrolled(world, service)
    with database.owner() as holder, holder.transaction():
        holder.execute("select from devices_device where tenant_id = %s for update", [world.tenant_id])
        answer = phone.check_in(facts())
    assert (answer.status_code, answer.json()["error"]) == (429, "busy")
    assert int(answer.headers["retry-after"]) > 0
    assert reports(world) == 0


def test_batches_of_other_keys_are_under_way_at_once() -> None:
    log: list[str] = []

    async def work(items: Sequence[str]) -> list[str]:
        log.extend(f"begin {item}" for item in items)
        if "slow 1" in items:
            await slow.wait()
        log.extend(f"end {item}" for item in items)
        return list(items)

    async def run() -> None:
        batcher = Batcher(work, key=lambda item: item.split()[0], lanes=2)
        batcher.start()
        first = asyncio.create_task(batcher.ask("slow 1"))
        while not log:  # noqa: ASYNC110 - nothing else tells that a batch has begun
            await asyncio.sleep(0)
        second = asyncio.create_task(batcher.ask("slow 2"))
        assert await batcher.ask("quick 1") == "quick 1"
        assert not first.done()
        slow.set()
        assert (await first, await second) == ("slow 1", "slow 2")
        await batcher.stop()

    slow = asyncio.Event()
    asyncio.run(asyncio.wait_for(run(), 5))
    assert log.index("end quick 1") < log.index("end slow 1") < log.index("begin slow 2")


def reports(world: World) -> int:
    with database.tenant(world.tenant_id):
        return Report.objects.count()
