"""Temporary release: a phone let in for a time, what Microsoft is told meanwhile, and how it ends (H)."""

from collections.abc import Callable

import pytest
from tests.support.console import Member, audit, deliver_all, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, begin, facts

from vedette.compliance import mode, release
from vedette.compliance.assess import assess
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import Release
from vedette.connectors.intune import settings_change
from vedette.connectors.models import Delivery
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.threats.models import Threat

Clock = Callable[[float], None]


@pytest.fixture
def scene(db: Database, scenes: Scenes) -> tuple[World, Device]:
    assert db.name
    return scenes.give("console release", armed_with_a_bad_phone)


@pytest.fixture
def world(scene: tuple[World, Device]) -> World:
    return scene[0]


@pytest.fixture
def bad(scene: tuple[World, Device]) -> Device:
    return scene[1]


def armed_with_a_bad_phone() -> tuple[World, Device]:
    world = begin()
    (bad,) = world.activated()
    world.report(bad, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    mode.arm(world.tenant_id, ADA)
    deliver_all(world)
    return world, world.fresh(bad)


def told(world: World, device: Device) -> str:
    """The value that stands at Microsoft once everything owed is delivered."""
    deliver_all(world)
    with database.tenant(world.tenant_id):
        return str(Delivery.objects.get(device=device, route="attribute").sent)


def let_in(member: Member, device: Device, hours: str = "8") -> str:
    return text(member.follow(f"/devices/{device.id}/release", hours=hours, reason="On stage until noon"))


def test_a_phone_is_let_in_and_blocked_again_when_its_time_is_over(
    full: Member, world: World, bad: Device, move_clock: Clock
) -> None:
    assert told(world, bad) == "mtd:high"
    page = let_in(full, bad)
    assert "Let in until" in page
    assert "because: “On stage until noon”" in page
    assert "No rule by level blocks this phone" in page
    assert told(world, bad) == "mtd:secured"
    assert world.state(bad) == "high"
    with database.tenant(world.tenant_id):
        assert Threat.objects.get(device=bad).status == "open"
    assert mode.would_block(world.tenant_id).blocked == 0
    assert release.tenants_due() == []
    move_clock(8 * 3600 + 1)
    assert release.tenants_due() == [world.tenant_id]
    release.expire(world.tenant_id)
    assert told(world, bad) == "mtd:high"
    assert release.tenants_due() == []
    assert "Let in until" not in text(full.get(f"/devices/{bad.id}/"))
    (begun,), (ended,) = audit(world, "device.released"), audit(world, "device.release_ended")
    assert (begun.actor_name, ended.actor_type) == (full.administrator.upn, "SYSTEM")
    assert begun.detail["reason"] == "On stage until noon"
    assert begun.changes[0]["to"] == ended.changes[0]["from"]


def test_a_click_ends_it(full: Member, world: World, bad: Device) -> None:
    let_in(full, bad, hours="24")
    assert told(world, bad) == "mtd:secured"
    assert full.post(f"/devices/{bad.id}/release/end").status_code == 302
    assert told(world, bad) == "mtd:high"
    assert "ended meanwhile" in text(full.follow(f"/devices/{bad.id}/release/end"))


def test_a_phone_that_recovers_ends_clean_and_is_blocked_by_what_comes_next(
    full: Member, world: World, bad: Device
) -> None:
    let_in(full, bad)
    world.report(bad, facts())
    assess(world.tenant_id)
    assert told(world, bad) == "mtd:secured"
    with database.tenant(world.tenant_id):
        assert Release.objects.get().ended_because == "recovered"
    world.report(bad, facts(BAD_PACKAGE))
    assess(world.tenant_id)
    assert told(world, bad) == "mtd:high"


def test_a_further_threat_does_not_end_it_and_stays_in_sight(full: Member, world: World, bad: Device) -> None:
    let_in(full, bad)
    world.report(bad, facts(BAD_PACKAGE, posture={"screen_lock": False}))
    assess(world.tenant_id)
    assert told(world, bad) == "mtd:secured"
    with database.tenant(world.tenant_id):
        assert Threat.objects.filter(device=bad, status="open").count() > 1
    assert "Let in until" in text(full.get(f"/devices/{bad.id}/"))


def test_the_list_and_the_dashboard_show_it(full: Member, world: World, bad: Device) -> None:
    (fine,) = world.activated()
    let_in(full, bad)
    assert "let in until" in text(full.get("/devices/"))
    narrowed = text(full.get("/devices/", state="released"))
    assert str(bad.id) in narrowed
    assert str(fine.id) not in narrowed
    assert "1 phone is let in for a time" in text(full.get("/dashboard/"))


def test_what_cannot_be_let_in_is_refused_in_words(full: Member, world: World, bad: Device) -> None:
    (fine,) = world.activated()
    world.report(fine, facts())
    assess(world.tenant_id)
    assert "nothing to release" in let_in(full, fine)
    let_in(full, bad)
    assert "let in already" in let_in(full, bad)
    assert full.post(f"/devices/{bad.id}/release", hours="9", reason="x").status_code == 200
    assert full.post(f"/devices/{bad.id}/release", hours="8", reason=" ").status_code == 200
    with pytest.raises(Refused, match="1, 8 or 24"):
        release.release(bad, 48, "too long", ADA)
    with database.tenant(world.tenant_id):
        assert Release.objects.count() == 1


def test_only_full_access_of_the_own_tenant_lets_in(
    restricted: Member, stranger: Member, world: World, bad: Device
) -> None:
    for path in (f"/devices/{bad.id}/release", f"/devices/{bad.id}/release/end"):
        assert restricted.post(path, hours="8", reason="please").status_code == 403
        assert stranger.post(path, hours="8", reason="mine").status_code == 404
    assert f"/devices/{bad.id}/release" not in text(restricted.get(f"/devices/{bad.id}/"))
    assert told(world, bad) == "mtd:high"
    let_in(restricted, bad)
    with database.tenant(world.tenant_id):
        assert not Release.objects.exists()
