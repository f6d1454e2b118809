"""A scan that an analyst says is of a phone counts for it, beside the app, until it expires or is taken off."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.console import audit
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, BAD_PACKAGE, World, app, begin, facts, make_world

from vedette.compliance import attached
from vedette.compliance.assess import SCAN, assess, assess_again, reassess
from vedette.compliance.attached import Wish
from vedette.compliance.attached_preview import preview
from vedette.compliance.judge import judge
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import DeviceState
from vedette.detection.acquired import EXPIRES
from vedette.devices import privacy
from vedette.devices.models import Device, DeviceKey, DeviceScan
from vedette.devices.privacy import Privacy
from vedette.foundation import clock, database
from vedette.scans import intake, kept
from vedette.scans.kept import Kept
from vedette.scans.models import Scan
from vedette.threats.models import Threat
from vedette.verdict.findings import Evidence, Finding

HOUR = timedelta(hours=1)
SEEN = Finding(
    "MALICIOUS_CONTENT", "trace:domain:evil.example", "A link to evil.example",
    (Evidence("value", "evil.example", "traces.indicators", "test"),), "traces/1", source="test",
)  # fmt: skip


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("attached scans", with_a_phone)


def with_a_phone() -> World:
    world = begin()
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    return world


def scanned(world: World, *, platform: str = "ANDROID", findings: Any = (), **given: Any) -> Scan:
    """A scan whose phone is healthy but for what is given."""
    now = clock.now()
    value = Kept(kind="androidqf", facts=facts(**given), findings=list(findings))
    with database.tenant(world.tenant_id):
        return Scan.objects.create(
            tenant_id=world.tenant_id, created_at=now, file_name="phone.zip", size=1, sha256="0" * 64,
            status=Scan.Status.DONE, platform=platform, result=kept.to_json(value), keep_until=now + HOUR,
        )  # fmt: skip


def wish(world: World, scan: Scan, ago: timedelta = -timedelta(minutes=1)) -> Wish:
    (device,) = world.devices()
    return Wish(scan.id, device.id, clock.now() - ago)


def attach(world: World, scan: Scan, ago: timedelta = -timedelta(minutes=1)) -> DeviceScan:
    wanted = wish(world, scan, ago)
    link = attached.attach(world.tenant_id, wanted, ADA)
    assess_again(world.tenant_id, wanted.device_id, SCAN)
    return link


def codes(world: World) -> set[str]:
    with database.tenant(world.tenant_id):
        return set(Threat.objects.filter(status=Threat.Status.OPEN).values_list("classification", flat=True))


def state(world: World) -> str:
    with database.tenant(world.tenant_id):
        return str(DeviceState.objects.values_list("state", flat=True).get())


def test_what_a_scan_found_puts_the_phone_at_risk_until_it_is_taken_off(world: World) -> None:
    assert state(world) == "secured"
    link = attach(world, scanned(world, apps=[], posture={"adb": True}, findings=[SEEN]))
    assert codes(world) == {"USB_DEBUGGING_ENABLED", "MALICIOUS_CONTENT"}
    assert state(world) == "high"
    with database.tenant(world.tenant_id):
        threat = Threat.objects.get(classification="USB_DEBUGGING_ENABLED")
    assert threat.origin == "acquisition"
    assert {"reported_by"} <= {item["fact"] for item in threat.evidence}
    attached.detach(world.tenant_id, link.id, ADA)
    reassess(world.tenant_id)
    assert codes(world) == set()
    assert state(world) == "secured"
    actions = [event.action for event in audit(world)]
    assert actions[-2:] == ["device.scan_attached", "device.scan_detached"]


def test_the_app_s_later_word_counts_and_its_silence_does_not(world: World) -> None:
    attach(world, scanned(world, posture={"adb": True, "screen_lock": False}, findings=[SEEN]), HOUR)
    assert "MALICIOUS_CONTENT" in codes(world)
    (device,) = world.devices()
    assert "USB_DEBUGGING_ENABLED" not in codes(world), "the app said otherwise after the scan"
    world.report(device, facts(posture={"adb": None}))
    assess(world.tenant_id)
    assert "MALICIOUS_CONTENT" in codes(world), "a report that leaves it out proves nothing"
    assert "USB_DEBUGGING_ENABLED" in codes(world), "nothing newer answers it any more"


def test_a_scan_clears_what_the_app_found_only_when_it_is_newer(world: World) -> None:
    (device,) = world.devices()
    world.report(device, facts(posture={"adb": True}))
    assess(world.tenant_id)
    older = attach(world, scanned(world), HOUR)
    assert codes(world) == {"USB_DEBUGGING_ENABLED"}
    attached.detach(world.tenant_id, older.id, ADA)
    attach(world, scanned(world))
    assert codes(world) == set()


def test_a_scan_that_leaves_something_out_clears_nothing(world: World) -> None:
    (device,) = world.devices()
    world.report(device, facts(BAD_PACKAGE, posture={"adb": True}))
    assess(world.tenant_id)
    before = codes(world)
    attach(world, scanned(world, apps=None, posture={"adb": None}))
    assert codes(world) == before


def test_it_ends_by_itself(world: World, move_clock: Any) -> None:
    attach(world, scanned(world, findings=[SEEN]))
    move_clock((EXPIRES + HOUR).total_seconds())
    reassess(world.tenant_id)
    assert "MALICIOUS_CONTENT" not in codes(world)
    with database.tenant(world.tenant_id):
        assert "still counts" in Threat.objects.get(classification="MALICIOUS_CONTENT").resolution


def test_deleting_the_scan_takes_it_off(world: World) -> None:
    scan = scanned(world, findings=[SEEN])
    link = attach(world, scan)
    with database.tenant(world.tenant_id):
        assert Scan.objects.get(id=scan.id).keep_until == link.expires_at, "kept as long as it counts"
    intake.delete(world.tenant_id, scan.id, ADA)
    reassess(world.tenant_id)
    assert codes(world) == set()
    with database.tenant(world.tenant_id):
        assert not DeviceScan.objects.exists()


def test_what_would_change_is_told_before(world: World) -> None:
    (device,) = world.devices()
    world.report(device, facts(posture={"developer_options": True}))
    assess(world.tenant_id)
    before = codes(world)
    told = preview(world.tenant_id, wish(world, scanned(world, posture={"adb": True}, findings=[SEEN])))
    assert [finding.classification for finding, _ in told.opened] == [
        "MALICIOUS_CONTENT", "USB_DEBUGGING_ENABLED",
    ]  # fmt: skip
    assert [threat.classification for threat in told.resolved] == ["DEVELOPER_MODE_ENABLED"]
    assert (told.state_now, told.state_then) == ("low", "high")
    assert codes(world) == before
    told = preview(world.tenant_id, wish(world, scanned(world)))
    assert (told.state_now, told.state_then) == ("low", "secured")


def test_a_phone_without_the_app_has_the_risk_that_a_scan_found(world: World) -> None:
    (device,) = world.devices()
    with database.tenant(world.tenant_id):
        Device.objects.filter(id=device.id).update(activation_status="PENDING", facts=None, facts_digest="")
    attach(world, scanned(world, findings=[SEEN]))
    assert state(world) == "high"


def test_wishes_that_do_not_fit_say_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, other = scanned(world), scanned(world, platform="IOS")
    for wanted, why in (
        (wish(world, other), "another platform"),
        (wish(world, scan, EXPIRES + HOUR), "Collect it anew"),
        (wish(world, scan, -HOUR), "future"),
    ):
        with pytest.raises(Refused, match=why):
            attached.attach(world.tenant_id, wanted, ADA)
    attach(world, scan)
    with pytest.raises(Refused, match="already"):
        attached.attach(world.tenant_id, wish(world, scan), ADA)
    monkeypatch.setattr(attached, "MOST", 1)
    with pytest.raises(Refused, match="Take one off"):
        attached.attach(world.tenant_id, wish(world, scanned(world)), ADA)
    stranger = make_world("Stranger")
    with pytest.raises(Refused):
        attached.attach(stranger.tenant_id, wish(world, scanned(world)), ADA)


def matched(world: World) -> Device:
    """The phone, of which the list of applications is dropped once it was matched."""
    with database.writer(world.tenant_id):
        privacy.save(world.tenant_id, Privacy(), ADA)
    (device,) = world.devices()
    world.report(device, facts())
    assess(world.tenant_id)
    return device


def judged_by_what_is_left(world: World) -> None:
    with database.writer(world.tenant_id):
        Device.objects.update(judged_with="")
    reassess(world.tenant_id)


def test_what_the_app_cleared_stays_cleared_when_its_inventory_is_dropped(
    world: World, move_clock: Any
) -> None:
    device = matched(world)
    scan = scanned(world, apps=[app(BAD_PACKAGE)], findings=[SEEN])
    attach(world, scan, HOUR)
    assert codes(world) == {"TROJAN", "MALICIOUS_CONTENT"}, "nobody knows any more what the app's list said"
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=device).last_digest == "", "so that it is asked"
    move_clock(60)
    world.report(device, facts())
    assess(world.tenant_id)
    assert codes(world) == {"MALICIOUS_CONTENT"}
    judged_by_what_is_left(world)
    assert codes(world) == {"MALICIOUS_CONTENT"}
    attach(world, scanned(world, apps=[app(BAD_PACKAGE)]), -timedelta(seconds=1))
    assert codes(world) == {"TROJAN", "MALICIOUS_CONTENT"}, "the app has not answered the newer scan"
    judged_by_what_is_left(world)
    assert codes(world) == {"TROJAN", "MALICIOUS_CONTENT"}


def test_what_the_app_could_not_clear_stays_until_the_scan_is_taken_off(
    world: World, move_clock: Any
) -> None:
    device = matched(world)
    link = attach(world, scanned(world, apps=[app(BAD_PACKAGE)]), HOUR)
    move_clock(60)
    world.report(device, facts(complete=False))
    assess(world.tenant_id)
    judged_by_what_is_left(world)
    assert codes(world) == {"TROJAN"}
    attached.detach(world.tenant_id, link.id, ADA)
    reassess(world.tenant_id)
    assert codes(world) == set()


def test_a_verdict_from_before_a_scan_was_attached_or_taken_off_is_not_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (device,) = world.devices()
    scan, used = scanned(world, findings=[SEEN]), "vedette.compliance.assess.judge"

    def meanwhile(act: Any) -> None:
        def slow(*given: Any) -> Any:
            verdict = judge(*given)
            monkeypatch.setattr(used, judge)
            act()
            return verdict

        monkeypatch.setattr(used, slow)

    meanwhile(lambda: attach(world, scan))
    world.report(device, facts(posture={"encrypted": None}))
    assert assess(world.tenant_id).reports == 0
    assert codes(world) == {"MALICIOUS_CONTENT"}
    assert assess(world.tenant_id).reports == 1
    assert codes(world) == {"MALICIOUS_CONTENT"}
    with database.tenant(world.tenant_id):
        link = DeviceScan.objects.get()
        Device.objects.update(judged_with="")
    meanwhile(lambda: attached.detach(world.tenant_id, link.id, ADA))
    reassess(world.tenant_id)
    reassess(world.tenant_id)
    assert codes(world) == set()
