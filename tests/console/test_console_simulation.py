"""Test threats: the whole way to Microsoft and back, marked as simulated, ended by a click or by itself (H)."""

from collections.abc import Callable

import pytest
from tests.support.console import Member, audit, deliver_all, text
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin, facts

from vedette.compliance import mode, simulate
from vedette.compliance.assess import assess
from vedette.compliance.lifecycle import Refused
from vedette.connectors.intune import settings_change
from vedette.connectors.mail.compose import compose
from vedette.connectors.mail.models import Notification
from vedette.connectors.models import Delivery
from vedette.connectors.partner.messages import threat_message
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.tenants.models import Administrator
from vedette.threats.models import Threat

Clock = Callable[[float], None]


@pytest.fixture
def scene(db: Database, scenes: Scenes) -> tuple[World, Device]:
    assert db.name
    return scenes.give("console simulation", a_clean_phone)


@pytest.fixture
def world(scene: tuple[World, Device]) -> World:
    return scene[0]


@pytest.fixture
def phone(scene: tuple[World, Device]) -> Device:
    return scene[1]


def a_clean_phone() -> tuple[World, Device]:
    world = begin()
    (phone,) = world.activated()
    world.report(phone, facts())
    assess(world.tenant_id)
    settings_change.save(world.tenant_id, {"android_enabled": True, "heartbeat_minutes": 10}, ADA)
    return world, world.fresh(phone)


def told(world: World, device: Device) -> str:
    deliver_all(world)
    with database.tenant(world.tenant_id):
        return str(Delivery.objects.get(device=device, route="attribute").sent)


def start(member: Member, device: Device, classification: str = "TROJAN") -> str:
    return text(member.follow(f"/devices/{device.id}/test-threat", classification=classification))


def the_threat(world: World) -> Threat:
    with database.tenant(world.tenant_id):
        return Threat.objects.select_related("device").get(simulated=True)


def test_it_goes_to_microsoft_and_back_and_no_report_ends_it(
    full: Member, world: World, phone: Device
) -> None:
    mode.arm(world.tenant_id, ADA)
    assert told(world, phone) == "mtd:secured"
    page = start(full, phone)
    assert "A test threat is running" in page
    assert "Every rule by level blocks this phone" in page
    assert told(world, phone) == "mtd:high"
    world.report(phone, facts("com.example.other"))
    assess(world.tenant_id)
    assert told(world, phone) == "mtd:high"
    page = text(full.follow(f"/devices/{phone.id}/test-threat/end"))
    assert "A test threat is running" not in page
    assert "The test threat ended" in page
    assert told(world, phone) == "mtd:secured"
    assert the_threat(world).resolution == simulate.ENDED_BY_HAND
    assert [event.action for event in audit(world) if event.action.startswith("threat.")] == [
        "threat.simulated",
        "threat.simulation_ended",
    ]


def test_it_ends_by_itself_after_an_hour(
    full: Member, world: World, phone: Device, move_clock: Clock
) -> None:
    mode.arm(world.tenant_id, ADA)
    start(full, phone)
    move_clock(3500)
    assert simulate.tenants_due() == []
    move_clock(3601)
    assert simulate.tenants_due() == [world.tenant_id]
    simulate.expire(world.tenant_id)
    assert told(world, phone) == "mtd:secured"
    assert the_threat(world).resolution == simulate.ENDED_BY_TIME
    assert simulate.tenants_due() == []


def test_in_monitor_mode_it_counts_as_would_be_blocked(full: Member, world: World, phone: Device) -> None:
    start(full, phone)
    assert mode.would_block(world.tenant_id).blocked == 1
    assert str(phone.id) in text(full.get("/system/account/"))
    deliver_all(world)
    with database.tenant(world.tenant_id):
        assert not Delivery.objects.exclude(desired="").exists(), "nothing is written"


def test_it_is_marked_wherever_it_is_told(full: Member, world: World, phone: Device) -> None:
    with database.writer(world.tenant_id):
        Administrator.objects.update(notify_high=True)
    start(full, phone)
    threat = the_threat(world)
    assert "nothing is wrong with the phone" in text(full.get(f"/threats/{threat.id}/"))
    assert "simulated" in text(full.get("/threats/"))
    assert "Trojan (simulated)" in text(full.get("/devices/"))
    assert "Trojan (simulated), rated High" in text(full.get(f"/devices/{phone.id}/"))
    assert "simulated" in text(full.get("/dashboard/"))
    assert full.export("/threats/export").strip().endswith("True")
    with database.tenant(world.tenant_id):
        (owed,) = Notification.objects.all()
    for language, word in (("en", "Simulated: Trojan"), ("fr", "Simulation : ")):
        message = compose(owed.kind, owed.context, language)
        assert word in message.subject
        assert word in message.text
    told_intune = threat_message(threat, "d", "https://vedette.example/threats/1/", told=False)
    assert told_intune
    assert told_intune["classification"] == "[SIMULATED] Trojan"
    assert told_intune["description"].startswith("[SIMULATED] ")


def test_what_cannot_be_tested_is_refused_in_words(full: Member, world: World, phone: Device) -> None:
    (silent,) = world.activated()
    assert "activated and reports" in start(full, silent)
    start(full, phone)
    assert "already" in start(full, phone, "ROOT_JAILBREAK")
    full.post(f"/devices/{phone.id}/test-threat/end")
    with pytest.raises(Refused, match="classifications"):
        simulate.start(phone, "NO_SUCH_THING", ADA)
    assert full.post(f"/devices/{phone.id}/test-threat", classification="NO_SUCH_THING").status_code == 200
    assert "ended meanwhile" in text(full.follow(f"/devices/{phone.id}/test-threat/end"))
    with database.tenant(world.tenant_id):
        assert Threat.objects.filter(simulated=True).count() == 1


def test_only_full_access_of_the_own_tenant_tests(
    restricted: Member, stranger: Member, world: World, phone: Device
) -> None:
    for path in (f"/devices/{phone.id}/test-threat", f"/devices/{phone.id}/test-threat/end"):
        assert restricted.post(path, classification="TROJAN").status_code == 403
        assert stranger.post(path, classification="TROJAN").status_code == 404
    assert f"/devices/{phone.id}/test-threat" not in text(restricted.get(f"/devices/{phone.id}/"))
    assert world.state(phone) == "secured"
