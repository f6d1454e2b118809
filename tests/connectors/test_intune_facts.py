"""What Intune says of phones, with and without the app, against the lab: at risk, blocked, mended, expired."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.connectors.scene import Scene
from tests.support.world import facts, load_intelligence

from vedette.compliance.assess import assess, reassess
from vedette.connectors.intune import detected_apps, readings
from vedette.connectors.intune.models import Reading
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.threats.models import Threat

FAMILY = "DemoBanker"


def tell(scene: Scene, device: Device, **managed: Any) -> None:
    """Let a phone tell Intune something at a check-in of now."""
    body = {"managed": {**managed, "last_sync": clock.now().isoformat()}}
    scene.lab.patch(f"{scene.path}/devices/{device.entra_object_id}", body)


def look(scene: Scene) -> None:
    """What the worker does every few seconds."""
    scene.poll()
    while reassess(scene.tenant_id).devices:
        pass
    scene.publish()


def threats(scene: Scene, device: Device, **only: Any) -> list[Threat]:
    with database.tenant(scene.tenant_id):
        return list(Threat.objects.filter(device_id=device.id, **only).order_by("created_at", "id"))


def test_a_phone_without_the_app_is_blocked_and_mended_by_what_intune_says(enrolled: Scene) -> None:
    scene = enrolled
    look(scene)
    phone, other = scene.devices(platform="ANDROID")[:2]
    assert {scene.world.state(device) for device in (phone, other)} == {"pending"}
    with database.tenant(scene.tenant_id):
        known = Device.objects.get(id=phone.id).managed_facts
    assert known
    assert known["jailbroken"] is False

    tell(scene, phone, jail_broken="True")
    look(scene)
    assert scene.world.state(phone) == "high"
    assert scene.attribute(phone) == "mtd:high"
    assert scene.world.state(other) == "pending"
    (threat,) = threats(scene, phone, classification="ROOT_JAILBREAK")
    assert (threat.classification, threat.origin, threat.status) == ("ROOT_JAILBREAK", "intune", "open")
    with database.tenant(scene.tenant_id):
        change = phone.state_changes.order_by("-position").first()
        assert change
        assert (change.cause, change.to_state) == ("management", "high")
    codes = [reason["code"] for reason in scene.world.fresh(phone).state_row.reasons]
    assert (codes[0], codes[-1]) == ("threat", "not_activated"), "by chance its patches may be old as well"

    tell(scene, phone, jail_broken="Unknown")
    look(scene)
    assert scene.world.state(phone) == "high", "what Intune no longer says is not mended"

    tell(scene, phone, jail_broken="False")
    look(scene)
    assert scene.world.state(phone) == "pending"
    assert scene.attribute(phone) == "mtd:pending"
    (threat,) = threats(scene, phone, classification="ROOT_JAILBREAK")
    assert (threat.status, threat.resolution) == ("resolved", "Intune reported that it is gone.")


def test_what_intune_found_is_not_silenced_by_an_app_that_a_rooted_phone_can_forge(enrolled: Scene) -> None:
    scene = enrolled
    phone = scene.activated()
    assert scene.world.state(phone) == "secured"
    tell(scene, phone, jail_broken="True")
    look(scene)
    assert scene.world.state(phone) == "high", "the app said a moment ago that it is not rooted"
    load_intelligence()
    scene.world.report(phone, facts())
    assess(scene.tenant_id)
    assert scene.world.state(phone) == "high", "and says it again"
    tell(scene, phone, jail_broken="False")
    look(scene)
    assert scene.world.state(phone) == "secured"


def test_what_intune_said_expires_with_the_phone_and_with_its_record(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    scene = enrolled
    phone, unenrolled = scene.devices(platform="ANDROID")[:2]
    for device in (phone, unenrolled):
        tell(scene, device, jail_broken="True")
    look(scene)
    assert {scene.world.state(device) for device in (phone, unenrolled)} == {"high"}
    scene.save(scope="registered")
    scene.lab.delete(f"{scene.path}/devices/{unenrolled.entra_object_id}/managed")
    look(scene)
    assert scene.world.state(unenrolled) == "pending"
    move_clock(31 * 24 * 3600)
    while reassess(scene.tenant_id).devices:
        pass
    assert scene.world.state(phone) == "pending"
    (threat,) = threats(scene, phone, classification="ROOT_JAILBREAK")
    assert threat.resolution == "What Intune said of the phone is too old to count."


def test_old_systems_count_without_the_app(enrolled: Scene) -> None:
    scene = enrolled
    phone = scene.devices(platform="ANDROID")[0]
    tell(scene, phone, os_version="12", is_encrypted=False, android_security_patch_level="2024-03-01")
    look(scene)
    found = {threat.classification for threat in threats(scene, phone)}
    assert found == {"OUT_OF_DATE_OS", "OUT_OF_DATE_ASPL", "UNENCRYPTED"}
    assert scene.world.state(phone) == "medium"


def test_an_app_with_a_listed_name_is_found_by_its_name(enrolled: Scene) -> None:
    scene = enrolled
    load_intelligence()
    android, iphone = scene.device(), scene.device("IOS")
    app = {"name": FAMILY, "publisher": "Somebody", "version": "3.1"}
    for device in (android, iphone):
        tell(scene, device, apps=[app, {"name": "Notes"}])
    mark = scene.mark()
    assert not readings.read(scene.tenant_id, detected_apps.DETECTED_APPS).problem
    asked = scene.requests("GET", "/deviceManagement/detectedApps", since=mark)
    assert len(asked) == 3, "one list, then the phones of one name on two platforms"
    look(scene)
    assert {scene.world.state(device) for device in (android, iphone)} == {"low"}
    (threat,) = threats(scene, iphone, classification="RISKWARE")
    assert (threat.classification, threat.family, threat.origin) == ("RISKWARE", FAMILY, "intune")
    for device in (android, iphone):
        tell(scene, device, apps=[])
    readings.read(scene.tenant_id, detected_apps.DETECTED_APPS)
    look(scene)
    assert {scene.world.state(device) for device in (android, iphone)} == {"pending"}


def test_an_inventory_is_read_again_in_a_day_and_a_refusal_is_shown(enrolled: Scene) -> None:
    scene = enrolled
    scene.fault("GET /v1.0/deviceManagement/detectedApps", status=403, code="Forbidden")
    known = readings.read(scene.tenant_id, detected_apps.DETECTED_APPS)
    assert known.problem["status"] == 403
    with database.tenant(scene.tenant_id):
        assert not Device.objects.exclude(managed_apps=None).exists()
        due = Reading.objects.get(kind=detected_apps.DETECTED_APPS).next_at
    assert due
    assert due - clock.now() > dt.timedelta(hours=23)
