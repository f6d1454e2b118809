"""The brake: what one cause newly blocks beyond the limit within an hour is held (requirement H)."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import pytest
from django.db import connection
from tests.support.console import Member, audit, deliver_all, settings, sign_in, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, FEED, World, begin, facts, load_intelligence

from vedette.compliance import brake, change_policy, mode, state, sweep, telling
from vedette.compliance.assess import assess, reassess
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import Brake, DeviceState, NewBlock
from vedette.connectors.intune import settings_change
from vedette.connectors.mail.compose import compose
from vedette.connectors.mail.models import Notification
from vedette.connectors.models import Delivery
from vedette.devices.models import Device, DeviceGroup, DeviceKey
from vedette.foundation import clock, database
from vedette.threats.models import PolicyLevel
from vedette_facts import jose
from vedette_facts.report import digest

Clock = Callable[[float], None]
COMMON = "com.example.common"
FALSE_ALARM = FEED.replace(BAD_PACKAGE, COMMON)
PHONES, FLAGGED = 1000, 50
FEWER: Final = 150
"""Phones where it does not matter how many there are beside the flagged ones."""


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("compliance brake", lambda: clean_phones(FEWER))


@pytest.fixture
def thousand(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("compliance brake, a thousand", lambda: clean_phones(PHONES))


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[None]:
    with settings(tmp_path):
        yield


def clean_phones(count: int) -> World:
    """Armed, all told as secured; fifty of them carry an app that nobody has flagged yet."""
    world = begin()
    owner = world.person()
    for _ in range(count):
        world.phone(owner)
    world.poll()
    clean, common = (msgspec.to_builtins(given) for given in (facts(), facts(COMMON)))
    now = clock.now()
    with database.writer(world.tenant_id):
        ids = list(Device.objects.order_by("id").values_list("id", flat=True))
        for given, part in ((common, ids[:FLAGGED]), (clean, ids[FLAGGED:])):
            Device.objects.filter(id__in=part).update(
                activation_status="ACTIVATED", activated_at=now, last_seen_at=now, facts=given,
                facts_digest=digest(given), facts_observed_at=now, disconnected_after=now + timedelta(days=30),
            )  # fmt: skip
    while reassess(world.tenant_id).devices:
        pass
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    mode.arm(world.tenant_id, ADA)
    deliver_all(world)
    assert values(world) == {"mtd:secured": count}
    return world


def values(world: World) -> dict[str, int]:
    """What stands at Microsoft, once everything owed is delivered."""
    deliver_all(world)
    with database.tenant(world.tenant_id):
        return dict(Counter(Delivery.objects.filter(route="attribute").values_list("sent", flat=True)))  # type: ignore[arg-type] # sent by now


def states(world: World) -> dict[str, int]:
    with database.tenant(world.tenant_id):
        return dict(Counter(DeviceState.objects.values_list("state", flat=True)))


def on(world: World) -> Brake:
    with database.tenant(world.tenant_id):
        (row,) = brake.pulled()
        return row


def flag(world: World, text: str = FALSE_ALARM) -> None:
    """A feed version comes into force, and the review judges every phone anew."""
    load_intelligence(text)
    while reassess(world.tenant_id).devices:
        pass


def default_group(world: World) -> UUID:
    with database.tenant(world.tenant_id):
        return DeviceGroup.objects.get(is_default=True).id


def test_a_feed_that_flags_fifty_sends_ten_and_holds_forty(thousand: World) -> None:
    flag(thousand)
    assert states(thousand) == {"high": FLAGGED, "secured": PHONES - FLAGGED}
    assert values(thousand) == {"mtd:high": 10, "mtd:secured": PHONES - 10}
    row = on(thousand)
    with database.tenant(thousand.tenant_id):
        assert (row.kind, row.limit, brake.sent_by(row), len(brake.held_by(row))) == ("feed", 10, 10, 40)
        (mail,) = Notification.objects.filter(kind="brake")
    for language, word in (("en", "Brake: the blocks of 40 phones are held"), ("fr", "Frein : ")):
        message = compose(mail.kind, mail.context, language)
        assert word in message.subject
        assert f"/brake/{row.id}/" in message.text
    assert len(audit(thousand, "brake.pulled")) == 1
    assert mode.would_block(thousand.tenant_id).blocked == 10


def test_released_they_are_sent_and_the_cause_is_not_held_again(world: World) -> None:
    flag(world)
    brake.release(world.tenant_id, on(world).id, ADA)
    assert values(world) == {"mtd:high": FLAGGED, "mtd:secured": FEWER - FLAGGED}
    with database.tenant(world.tenant_id):
        assert brake.pulled() == []
    (event,) = audit(world, "brake.released")
    assert (event.actor_name, event.detail["held"]) == (ADA.name, 40)
    with pytest.raises(Refused, match="not on any more"):
        brake.release(world.tenant_id, UUID(event.target_id), ADA)


def test_recoveries_are_never_held_and_the_last_takes_the_brake_off(world: World) -> None:
    flag(world)
    row = on(world)
    with database.tenant(world.tenant_id):
        held = brake.held_by(row)
    flag(world, FEED.replace(BAD_PACKAGE, "com.example.nobody"))
    assert len(held) == 40
    assert states(world) == {"secured": FEWER}
    assert values(world) == {"mtd:secured": FEWER}
    with database.tenant(world.tenant_id):
        assert Brake.objects.get(id=row.id).outcome == "over"
        assert not NewBlock.objects.filter(held=True, ended_at=None).exists()
        assert Notification.objects.filter(kind="brake").count() == 1


def test_taking_a_feed_version_back_lets_everybody_in(world: World) -> None:
    flag(world)
    brake.revert(world.tenant_id, on(world).id, ADA)
    while reassess(world.tenant_id).devices:
        pass
    assert values(world) == {"mtd:secured": FEWER}
    assert states(world) == {"secured": FEWER}


def test_a_policy_change_is_held_and_taken_back_to_what_it_was(world: World) -> None:
    flag_advisory(world)
    group = default_group(world)
    change_policy.apply(world.tenant_id, group, {"TROJAN": (4, "alert")}, actor=ADA)
    assert values(world) == {"mtd:high": 10, "mtd:secured": FEWER - 10}
    row = on(world)
    assert row.kind == "policy"
    brake.revert(world.tenant_id, row.id, ADA)
    assert values(world) == {"mtd:secured": FEWER}
    with database.tenant(world.tenant_id):
        level = PolicyLevel.objects.get(group_id=group, classification="TROJAN")
        assert level.risk == 1
        assert not NewBlock.objects.filter(held=True, ended_at=None).exists()


def flag_advisory(world: World) -> None:
    change_policy.apply(world.tenant_id, default_group(world), {"TROJAN": (1, "alert")}, actor=ADA)
    flag(world)
    assert values(world) == {"mtd:secured": FEWER}


def test_phones_that_fall_silent_together_are_held(world: World, move_clock: Clock) -> None:
    move_clock(31 * 86400)
    sweep.sweep(world.tenant_id)
    assert states(world) == {"disconnected": FEWER}
    assert values(world) == {"mtd:disconnected": 10, "mtd:secured": FEWER - 10}
    assert on(world).kind == "sweep"


def test_a_threat_that_a_held_phone_reports_itself_is_told(world: World) -> None:
    flag(world)
    row = on(world)
    with database.tenant(world.tenant_id):
        device = Device.objects.get(id=brake.held_by(row)[0])
    key_for(world, device)
    world.report(device, facts(COMMON, posture={"screen_lock": False}))
    assess(world.tenant_id)
    assert world.fresh(device).state_row.told == "high"
    assert values(world)["mtd:high"] == 11


def key_for(world: World, device: Device) -> None:
    key = jose.public_jwk(jose.new_key())
    with database.writer(world.tenant_id):
        DeviceKey.objects.create(
            tenant_id=world.tenant_id, device=device, key_id=jose.key_id(key), public_jwk=key,
            created_at=clock.now(),
        )  # fmt: skip


def test_in_monitor_mode_nothing_is_held(world: World) -> None:
    mode.monitor(world.tenant_id, ADA)
    flag(world)
    with database.tenant(world.tenant_id):
        assert brake.pulled() == []
    assert mode.would_block(world.tenant_id).blocked == FLAGGED


def test_the_count_is_exact_when_many_decide_at_once(world: World) -> None:
    """Eight writers block phones by one cause: together they send what one alone would."""
    with database.tenant(world.tenant_id):
        ids = list(Device.objects.order_by("id").values_list("id", flat=True))[:80]
    errors: list[BaseException] = []

    def silence(part: list[UUID]) -> None:
        try:
            with database.writer(world.tenant_id):
                Device.objects.filter(id__in=part).update(disconnected_at=clock.now())
                state.decide_devices(part, "sweep", watched=telling.Cause("sweep", "silence"))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=silence, args=(ids[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert values(world) == {"mtd:disconnected": 10, "mtd:secured": FEWER - 10}
    row = on(world)
    with database.tenant(world.tenant_id):
        assert len(brake.held_by(row)) == 70


@pytest.mark.usefixtures("pages")
def test_the_pages_say_it_and_full_access_decides(world: World) -> None:
    full, restricted = sign_in(world, "full", "ada"), sign_in(world, "restricted", "rita")
    flag(world)
    path = f"/brake/{on(world).id}/"
    banner = "Brake: the blocks of 40 phones are held. Cause: New threat intelligence."
    assert banner in text(full.get("/dashboard/"))
    assert banner in text(restricted.get("/dashboard/"))
    page = text(full.get(path))
    assert "Release the blocks" in page
    assert "Take the cause back" in page
    assert "test, version 2" in page
    looked = text(restricted.get(path))
    assert "Somebody with full access" in looked
    assert f"{path}release" not in looked
    for act in ("release", "revert"):
        assert restricted.post(f"{path}{act}").status_code == 403
    assert "held by the brake" in text(full.get("/devices/", state="held"))
    released(full, world, path)


def released(full: Member, world: World, path: str) -> None:
    assert full.get(f"{path}release").status_code == 200
    assert "The held blocks were released." in text(full.follow(f"{path}release"))
    assert values(world)["mtd:high"] == FLAGGED
    assert "Brake:" not in text(full.get("/dashboard/"))
    assert "not on any more" in text(full.follow(f"{path}release"))
