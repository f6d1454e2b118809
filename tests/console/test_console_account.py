"""Account, dashboard and the signs on every page: Monitor mode, arming, what to do next, days until disconnected."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.support.console import Member, audit, sign_in, text
from tests.support.world import BAD_PACKAGE, World, facts

from vedette.compliance.assess import assess
from vedette.connectors.intune import settings_change
from vedette.connectors.intune.models import IntuneConnector
from vedette.devices.models import Device
from vedette.events.log import Actor
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant

BANNER = "Monitor mode: verdicts are computed, nothing is written to Microsoft."
QUESTION = "Do you want an e-mail when a phone is at risk?"
PAGES = ("/dashboard/", "/threats/", "/devices/", "/policy/", "/system/audit/", "/system/enrollment/")


@pytest.fixture
def phones(world: World) -> list[Device]:
    """One at high risk, one at low, one fine, one pending."""
    devices = world.activated(3)
    for device, given in zip(
        devices, (facts(BAD_PACKAGE), facts(posture={"adb": True}), facts()), strict=True
    ):
        world.report(device, given)
    world.phone()
    world.poll()
    assess(world.tenant_id)
    return devices


def tenant_of(world: World) -> Tenant:
    with database.tenant(world.tenant_id):
        return Tenant.objects.get(id=world.tenant_id)


def test_monitor_mode_stands_on_every_page_until_armed(full: Member) -> None:
    for path in PAGES:
        assert BANNER in text(full.get(path)), path
    assert "then arm" in text(full.get("/dashboard/"))
    full.post("/system/account/arm")
    for path in PAGES:
        assert BANNER not in text(full.get(path)), path


def test_restricted_access_is_not_told_to_arm(restricted: Member) -> None:
    page = text(restricted.get("/dashboard/"))
    assert BANNER in page
    assert "then arm" not in page
    assert "Somebody with full access can arm the tenant." in text(restricted.get("/system/account/"))


def test_open_threats_are_counted_in_the_menu(full: Member, phones: list[Device]) -> None:
    assert len(phones) == 3
    assert 'class="v-nav-badge">2<' in text(full.get("/dashboard/")).replace('" >', '">')


def test_an_interrupted_connector_is_a_banner_for_who_can_mend_it(
    full: Member, restricted: Member, world: World
) -> None:
    settings_change.save(world.tenant_id, {"heartbeat_minutes": 10}, Actor("ADMIN", "a", "Ada"))
    with database.tenant(world.tenant_id):
        IntuneConnector.objects.update(state="error")
    words = "The way to Microsoft is interrupted"
    assert words in text(full.get("/dashboard/"))
    assert words not in text(restricted.get("/dashboard/"))


def test_arming_asks_with_numbers_and_is_audited(full: Member, world: World, phones: list[Device]) -> None:
    assert len(phones) == 3
    settings_change.save(world.tenant_id, {"android_enabled": True}, Actor("ADMIN", "a", "Ada"))
    question = text(full.get("/system/account/arm"))
    for label, figure in (
        ("Phones whose state is written", 4),
        ("Blocked by a rule from High up", 1),
        ("Blocked by a rule from Low up", 2),
        ("Without a verdict yet (a fail-closed rule blocks them)", 1),
    ):
        assert f"<dt>{label}</dt><dd>{figure}</dd>" in question, label
    assert tenant_of(world).mode == "monitor"
    full.post("/system/account/arm")
    assert tenant_of(world).mode == "armed"
    back = text(full.get("/system/account/monitor"))
    assert "<dt>Phones whose value is withdrawn</dt><dd>4</dd>" in back
    full.post("/system/account/monitor")
    full.post("/system/account/monitor")
    assert tenant_of(world).mode == "monitor"
    assert len(audit(world, "tenant.armed")) == 1
    assert len(audit(world, "tenant.monitoring")) == 1


def test_what_is_so_already_is_said_not_asked(full: Member, world: World) -> None:
    watching = text(full.client.get("/system/account/monitor", follow=True))
    assert "Go back to Monitor mode?" not in watching
    assert "only watches already" in watching
    full.post("/system/account/arm")
    armed = text(full.client.get("/system/account/arm", follow=True))
    assert "Arm the tenant?" not in armed
    assert "is armed already" in armed
    assert "The rule to make at Microsoft" in armed
    assert "is armed already" in text(full.follow("/system/account/arm"))
    assert len(audit(world, "tenant.armed")) == 1


@pytest.mark.parametrize(
    ("minimum", "blocked", "rule"),
    [
        ("high", 1, '-in ["mtd:high", "mtd:disconnected"]'),
        ("medium", 1, '-in ["mtd:medium", "mtd:high", "mtd:disconnected"]'),
        ("low", 2, '-in ["mtd:low", "mtd:medium", "mtd:high", "mtd:disconnected"]'),
        ("secured", 1, '-in ["mtd:high", "mtd:disconnected"]'),
        ("<b>", 1, '-in ["mtd:high", "mtd:disconnected"]'),
    ],
)
def test_the_rule_follows_the_level(
    restricted: Member, phones: list[Device], minimum: str, blocked: int, rule: str
) -> None:
    page = text(restricted.get("/system/account/", minimum=minimum))
    assert rule.replace('"', "&quot;") in page
    assert sum(f"/devices/{device.id}/" in page for device in phones) == blocked
    assert "<b>" not in page


def test_the_dashboard_counts_what_there_is(full: Member, phones: list[Device]) -> None:
    page = text(full.get("/dashboard/"))
    assert "of 4 devices" in page
    assert "Trojan · DemoBanker" in page
    assert f"/devices/{phones[0].id}/" in page
    assert "Most common" in page
    assert "USB debugging on" in page


def test_an_empty_tenant_is_led_step_by_step(full: Member, restricted: Member) -> None:
    page = text(full.get("/dashboard/"))
    for step in ("Set up the Intune connector", "Choose enrollment groups", "Arm the tenant"):
        assert step in page
    assert "/system/connectors/intune/connection/" in page
    assert "Before your phones are protected" not in text(restricted.get("/dashboard/"))


def test_the_primary_contact_is_asked_once_about_mail(world: World) -> None:
    with database.tenant(world.tenant_id):
        Tenant.objects.filter(id=world.tenant_id).update(primary_contact="grace@example.test")
    grace, other = sign_in(world, "full", "grace"), sign_in(world, "full", "otto")
    assert QUESTION in text(grace.get("/dashboard/"))
    assert QUESTION in text(grace.get("/devices/"))
    assert QUESTION not in text(other.get("/dashboard/"))
    assert not grace.administrator.notify_high, "off for new people"
    grace.post("/preferences/", notify_high="on", language="", theme="system")
    assert QUESTION not in text(grace.get("/dashboard/"))
    with database.tenant(world.tenant_id):
        grace.administrator.refresh_from_db()
    assert grace.administrator.notify_high
    assert not grace.administrator.notify_low


# -- days until disconnected (D4) ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("0", "greater than or equal to 1"),
        ("91", "less than or equal to 90"),
        ("-5", "greater than or equal to 1"),
        ("x", "Enter a whole number."),
        ("", "This field is required."),
        ("1.5", "Enter a whole number."),
        ("9" * 5000, "Enter a whole number."),
    ],
)
@pytest.mark.parametrize("confirmed", [False, True])
def test_days_that_cannot_be_are_refused_in_words(
    full: Member, world: World, days: str, words: str, confirmed: bool
) -> None:
    form = {"days": days} | ({"confirmed": "1"} if confirmed else {})
    answer = full.post("/system/enrollment/settings/", **form)
    assert answer.status_code == 200
    assert words in text(answer)
    assert tenant_of(world).disconnected_days == 30
    assert not audit(world, "enrollment.disconnected_days_changed")


def test_fewer_days_say_first_whom_they_hit(
    full: Member, world: World, phones: list[Device], move_clock: Callable[[float], None]
) -> None:
    move_clock(timedelta(days=9).total_seconds())
    with database.tenant(world.tenant_id):
        Device.objects.filter(id=phones[2].id).update(last_seen_at=clock.now())
    late = sign_in(world, "full", "late")
    question = text(late.post("/system/enrollment/settings/", days="7"))
    assert "<dt>Devices disconnected at once</dt><dd>2</dd>" in question
    assert "btn-danger" in question
    assert tenant_of(world).disconnected_days == 30
    late.post("/system/enrollment/settings/", days="7", confirmed="1")
    assert tenant_of(world).disconnected_days == 7
    assert [world.state(device) for device in phones] == ["disconnected", "disconnected", "secured"]
    question = text(late.post("/system/enrollment/settings/", days="60"))
    assert "<dt>Devices no longer disconnected</dt><dd>2</dd>" in question
    late.post("/system/enrollment/settings/", days="60", confirmed="1")
    assert [world.state(device) for device in phones] == ["high", "low", "secured"]
    assert full.administrator.access == "full"


def test_days_that_hit_nobody_are_saved_at_once(full: Member, world: World) -> None:
    assert "Saved." in text(full.follow("/system/enrollment/settings/", days="90"))
    (event,) = audit(world, "enrollment.disconnected_days_changed")
    assert event.changes == [{"attribute": "disconnected_days", "from": 30, "to": 90}]
