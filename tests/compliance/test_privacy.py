"""Applications of personal phones: matched with what is known, then dropped; never looked at where that was chosen."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as replaced
from tests.support.world import ADA, BAD_PACKAGE, FEED, World, app, facts, load_intelligence

from vedette.compliance.assess import assess, reassess
from vedette.compliance.judge import benches, changed_ground
from vedette.devices import privacy
from vedette.devices.models import Device, DeviceKey, Report
from vedette.devices.privacy import Privacy
from vedette.foundation import clock, database
from vedette.threats.models import Threat
from vedette_facts.network import Network
from vedette_facts.privacy import Collect, kept
from vedette_facts.report import Facts, digest
from vedette_facts.settings import Settings

pytestmark = pytest.mark.database
MORE = FEED.replace(BAD_PACKAGE, "com.example.mail").replace("98403dff", "98403d00")


def choose(world: World, **wanted: object) -> None:
    with database.writer(world.tenant_id):
        privacy.save(world.tenant_id, replace(Privacy(), **wanted), ADA)  # type: ignore[arg-type]  # given by name


def owned(world: World, device: Device, owner: str) -> None:
    """Let Intune say whose the phone is."""
    with database.writer(world.tenant_id):
        Device.objects.filter(id=device.id).update(
            managed_facts={"ownership": owner}, managed_at=clock.now(), managed_changed_at=clock.now()
        )


def judged(world: World, device: Device, given: Facts) -> Device:
    world.report(device, given)
    assess(world.tenant_id)
    return world.fresh(device)


def packages(device: Device) -> list[str]:
    return [each["package"] for each in (device.facts or {}).get("apps") or ()]


def open_threats(world: World, device: Device) -> list[str]:
    with database.tenant(world.tenant_id):
        rows = Threat.objects.filter(device=device, status="open")
        return sorted(rows.values_list("classification", flat=True))


@pytest.fixture
def phone(world: World) -> Device:
    load_intelligence()
    choose(world)
    (device,) = world.activated()
    return device


@pytest.mark.parametrize(
    ("owner", "left"),
    [
        ("company", ["com.example.mail", BAD_PACKAGE]),
        ("personal", [BAD_PACKAGE]),
        ("", [BAD_PACKAGE]),
    ],
)
def test_who_owns_the_phone_decides_what_is_kept(
    world: World, phone: Device, owner: str, left: list[str]
) -> None:
    owned(world, phone, owner)
    after = judged(world, phone, facts(BAD_PACKAGE))
    assert packages(after) == left
    assert open_threats(world, phone) == ["TROJAN"]
    assert world.state(phone) == "high"
    with database.tenant(world.tenant_id):
        (report,) = Report.objects.filter(device=phone)
    assert [each["package"] for each in (report.facts or {})["apps"]] == left


def test_what_was_dropped_is_neither_clean_nor_a_blind_spot(world: World, phone: Device) -> None:
    after = judged(world, phone, facts(posture={"screen_lock": True}))
    assert packages(after) == []
    assert world.state(phone) == "secured"
    with database.writer(world.tenant_id):
        Device.objects.update(judged_with="something.else.altogether.2026-01-01")
    reassess(world.tenant_id)
    assert world.state(phone) == "secured"


def test_a_threat_stays_until_a_whole_report_proves_it_gone(world: World, phone: Device) -> None:
    judged(world, phone, facts(BAD_PACKAGE))
    load_intelligence(MORE)
    reassess(world.tenant_id)
    assert open_threats(world, phone) == ["TROJAN"]
    judged(world, phone, facts())
    assert open_threats(world, phone) == ["TROJAN"]  # the other one, that the new feed names
    with database.tenant(world.tenant_id):
        assert Threat.objects.get(device=phone, status="open").key == "app:com.example.mail"


def test_new_intelligence_asks_the_phone_for_whole_facts(world: World, phone: Device) -> None:
    given = facts()
    with database.writer(world.tenant_id):
        DeviceKey.objects.filter(device=phone).update(last_digest=digest(given))
    judged(world, phone, given)
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=phone).last_digest == digest(given)
    load_intelligence(MORE)
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=phone).last_digest == ""


def test_the_ground_of_the_last_whole_look_is_what_the_brake_compares_with(
    world: World, phone: Device
) -> None:
    judged(world, phone, facts())
    first = world.fresh(phone).judged_with
    load_intelligence(MORE)
    reassess(world.tenant_id)
    between = world.fresh(phone)
    assert (between.whole_judged_with, between.judged_with != first) == (first, True)
    after = judged(world, phone, facts())
    assert after.whole_judged_with == ""
    assert world.state(phone) == "high"


def test_a_narrower_choice_drops_what_was_kept_before(world: World, phone: Device) -> None:
    choose(world, unknown="kept")
    judged(world, phone, facts(ago_app := "org.example.diary"))
    judged(world, phone, facts(ago_app, BAD_PACKAGE))
    assert packages(world.fresh(phone)) == ["com.example.mail", ago_app, BAD_PACKAGE]
    choose(world)
    reassess(world.tenant_id)
    assert packages(world.fresh(phone)) == [BAD_PACKAGE]
    with database.tenant(world.tenant_id):
        for report in Report.objects.filter(device=phone):
            assert ago_app not in str(report.facts)
    assert open_threats(world, phone) == ["TROJAN"]


def test_applications_that_are_not_looked_at_leave_no_threat_and_no_blind_spot(
    world: World, phone: Device
) -> None:
    judged(world, phone, facts(BAD_PACKAGE))
    choose(world, unknown="none")
    reassess(world.tenant_id)
    after = world.fresh(phone)
    assert after.facts is not None
    assert after.facts["apps"] is None
    assert (open_threats(world, phone), world.state(phone)) == ([], "secured")
    with database.tenant(world.tenant_id):
        (threat,) = Threat.objects.filter(device=phone)
    assert threat.resolution == "The organisation chose not to look at the applications of this phone."
    judged(world, phone, facts(BAD_PACKAGE, apps=[app("org.example.diary")]))
    assert (open_threats(world, phone), world.state(phone)) == ([], "secured")
    assert packages(world.fresh(phone)) == []


def test_the_choice_is_audited_once(world: World) -> None:
    with database.writer(world.tenant_id):
        wanted = Privacy(personal="none", network_names=True)
        assert privacy.save(world.tenant_id, wanted, ADA)
        assert not privacy.save(world.tenant_id, wanted, ADA)
        assert privacy.read() == wanted


def test_reports_that_count_for_nothing_and_earlier_ones_keep_nothing_of_applications(
    world: World, phone: Device
) -> None:
    """A phone that was offline sends several at once, or one comes late: only the newest is judged."""
    judged(world, phone, facts("org.example.diary"))
    world.report(phone, facts("org.example.prayer"), ago=20)
    judged(world, phone, facts(BAD_PACKAGE))
    world.report(phone, facts("org.example.dating"), ago=3600)
    assess(world.tenant_id)
    with database.tenant(world.tenant_id):
        told = "".join(str(report.facts) for report in Report.objects.filter(device=phone))
    assert "org.example" not in told
    assert BAD_PACKAGE in told


@pytest.mark.parametrize("owner", ["personal", "company"])
def test_a_narrower_choice_reaches_earlier_reports_of_any_phone(
    world: World, phone: Device, owner: str
) -> None:
    choose(world, network_names=True)
    owned(world, phone, owner)
    for name in ("org.example.a", "org.example.b"):
        # an iPhone cannot list its applications, and a phone without that permission neither
        listed = facts(BAD_PACKAGE, name) if owner == "personal" else facts(apps=None, posture={"adb": None})
        judged(world, phone, replaced(listed, network=Network(kind="wifi", ssid=f"Villa {name}")))
    choose(world)
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        told = [str(report.facts) for report in Report.objects.filter(device=phone).order_by("sequence")]
    assert "Villa" not in "".join(told)
    choose(world, personal="none")
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        assert BAD_PACKAGE not in "".join(str(report.facts) for report in Report.objects.filter(device=phone))


def test_the_brake_tells_a_change_of_what_is_collected_from_one_of_versions(world: World) -> None:
    """Taking a cause back must not take back a change of settings that has nothing to do with it."""
    grounds = []
    for wanted in ("none", "matched"):
        choose(world, personal=wanted)
        with database.tenant(world.tenant_id):
            grounds += [bench.fingerprint for bench in benches().values()]
    changed = changed_ground(grounds[0], grounds[-1])
    assert changed is not None
    assert changed[0] == "privacy"


def test_special_access_of_applications_that_are_not_looked_at_is_no_threat(
    world: World, phone: Device
) -> None:
    given = facts("org.example.helper", apps=[app("org.example.reader", installer="com.android.chrome")])
    judged(
        world, phone, replaced(given, settings=Settings(accessibility_services=["org.example.reader/.Talk"]))
    )
    assert open_threats(world, phone) == ["RISKWARE", "SIDELOADED_APP"]
    choose(world, unknown="none")
    reassess(world.tenant_id)
    assert open_threats(world, phone) == []


def test_what_intune_lists_is_not_looked_at_either(world: World, phone: Device) -> None:
    owned(world, phone, "personal")
    judged(world, phone, facts())
    with database.writer(world.tenant_id):
        listed = {"apps": [{"name": "DemoBanker"}]}
        Device.objects.update(managed_apps=listed, managed_apps_at=clock.now(), judged_with="")
    reassess(world.tenant_id)
    assert open_threats(world, phone) == ["RISKWARE"]
    choose(world, personal="none")
    reassess(world.tenant_id)
    assert (open_threats(world, phone), world.state(phone)) == ([], "secured")


def test_what_the_maker_installed_is_not_side_loaded_once_the_rest_was_dropped(
    world: World, phone: Device
) -> None:
    listed = [app(BAD_PACKAGE, installer="com.maker.updater"), app("com.maker.updater", system=True)]
    judged(world, phone, facts(apps=listed))
    with database.writer(world.tenant_id):
        Device.objects.update(judged_with="")
    reassess(world.tenant_id)
    assert open_threats(world, phone) == ["TROJAN"]


def test_a_phone_that_turns_out_to_be_the_organisations_is_asked_for_whole_facts(
    world: World, phone: Device
) -> None:
    judged(world, phone, facts())
    owned(world, phone, "company")
    with database.writer(world.tenant_id):
        Device.objects.update(judged_with="+" + world.fresh(phone).judged_with)
    reassess(world.tenant_id)
    with database.tenant(world.tenant_id):
        assert DeviceKey.objects.get(device=phone).last_digest == ""


def test_settings_name_no_applications_where_the_list_itself_was_not_collected() -> None:
    settings = Settings(
        default_sms="org.example.chat", device_admins=["org.example.boss/.Admin"], selinux="enforcing"
    )
    vpn = Network(kind="wifi", vpn=True, vpn_package="org.example.vpn")
    left = kept(
        replaced(facts(apps=None), settings=settings, network=vpn),
        Collect(applications="matched"),
        {"org.example.boss"},
    )
    assert left.network == Network(kind="wifi", vpn=True)
    assert left.settings == Settings(device_admins=["org.example.boss/.Admin"], selinux="enforcing")
