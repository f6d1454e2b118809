"""Everything at once: phones report while the assessor, the sweep, the poll and administrators work."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from tests.api.conftest import Phone, Service
from tests.support.world import ADA, BAD_PACKAGE, World, facts

from vedette.compliance import assessor, change_policy, sweep
from vedette.compliance.models import DeviceState, StateChange
from vedette.devices.models import Report
from vedette.events.models import Event
from vedette.foundation import database

PHONES, TURNS = 16, 8


def test_nothing_is_lost_while_everybody_works_at_once(world: World, service: Service) -> None:
    phones = []
    for device in world.activated(PHONES):
        phone = Phone(service, device_id=str(device.id))
        phone.key = world.activate(device)
        phones.append(phone)
    stop, troubles = threading.Event(), list[Exception]()
    others = [
        in_background(stop, troubles, assessor.drain),
        in_background(stop, troubles, lambda: sweep.sweep(world.tenant_id)),
        in_background(stop, troubles, world.poll),
        in_background(stop, troubles, Toggle(world).turn),
    ]

    def live(number: int) -> list[int]:
        answers = []
        for turn in range(TURNS):
            bad = (number + turn) % 2 == 0 and turn < TURNS - 1
            answers.append(phones[number].check_in(facts(*([BAD_PACKAGE] if bad else []))).status_code)
        return answers

    with ThreadPoolExecutor(6) as pool:
        answers = [status for each in pool.map(live, range(PHONES)) for status in each]
    stop.set()
    for thread in others:
        thread.join(30)
    assert troubles == []
    assert answers == [200] * (PHONES * TURNS)
    assessor.drain()
    with database.tenant(world.tenant_id):
        assert not Report.objects.filter(assessed_at=None).exists()
        assert not Report.objects.exclude(problem="").exists()
        assert set(DeviceState.objects.values_list("state", flat=True)) == {"secured"}
        positions = list(Event.objects.order_by("position").values_list("position", flat=True))
        assert positions == list(range(1, len(positions) + 1))
        # each device's changes form one chain: what it was is what it had become
        for device_id in DeviceState.objects.values_list("device_id", flat=True):
            changes = list(StateChange.objects.filter(device=device_id).order_by("position"))
            assert [c.from_state for c in changes[1:]] == [c.to_state for c in changes[:-1]]


class Toggle:
    """An administrator who cannot decide how bad a trojan is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._group = change_policy.ensure_defaults(world.tenant_id)
        self._risk = 4

    def turn(self) -> None:
        self._risk = 7 - self._risk
        change_policy.apply(
            self._world.tenant_id, self._group.id, {"TROJAN": (self._risk, "alert")}, actor=ADA
        )


def in_background(
    stop: threading.Event, troubles: list[Exception], work: Callable[[], object]
) -> threading.Thread:
    def run() -> None:
        try:
            while not stop.wait(0.02):
                work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            troubles.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
