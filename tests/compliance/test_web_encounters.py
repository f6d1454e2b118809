"""What phones meet on the web becomes a threat that ends by itself; nothing is kept of what is clean."""

import datetime as dt
from dataclasses import replace

import pytest
from tests.support.world import ADA, World, facts

from vedette.compliance import triage, web_encounters
from vedette.compliance.assess import assess
from vedette.compliance.models import WebEncounter
from vedette.compliance.web_encounters import Encounter, Way
from vedette.detection.web import WebLists, WebVerdict, judge_host, judge_url
from vedette.devices.models import Device
from vedette.events.models import Event
from vedette.feeds import web_settings
from vedette.foundation import clock, database
from vedette.threats.models import Threat

LISTS = WebLists.of(denied={"bad.example": "by hand"}, allowed={"good.example": ""})
SUSPICIOUS = replace(judge_host("a b", LISTS), subject="odd.example")


def encounter(
    device: Device, subject: str = "login.bad.example", way: Way = "doh", verdict: WebVerdict | None = None
) -> Encounter:
    return Encounter(device.id, subject, verdict or judge_host(subject, LISTS), clock.now(), way)


def stored(world: World) -> list[WebEncounter]:
    with database.tenant(world.tenant_id):
        return list(WebEncounter.objects.order_by("subject"))


def threats(world: World) -> list[Threat]:
    with database.tenant(world.tenant_id):
        return list(Threat.objects.filter(key__startswith="web:").order_by("id"))


def healthy(world: World) -> Device:
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    assert world.state(device) == "secured"
    return device


def test_a_blocked_host_is_a_threat_until_its_hour_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = healthy(world)

    (threat,) = web_encounters.record(world.tenant_id, [encounter(device), encounter(device)])

    assert (threat.classification, threat.status, threat.key) == (
        "DENYLISTED_CONTENT",
        "open",
        "web:bad.example",
    )
    assert {e["fact"]: e["value"] for e in threat.evidence} == {
        "host": "login.bad.example",
        "entry": "bad.example",
    }
    assert threat.summary == "login.bad.example is on your organisation's deny list (entry bad.example)."
    assert world.state(device) == "medium"
    (row,) = stored(world)
    assert (row.subject, row.times, row.way, row.threat_id) == ("login.bad.example", 2, "doh", threat.id)

    # a report says nothing of the web, so it ends nothing; neither does the clock before the hour
    world.report(device, facts())
    assess(world.tenant_id)
    assert web_encounters.expire(world.tenant_id) == []
    assert world.state(device) == "medium"

    later = clock.now() + dt.timedelta(hours=1, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert world.tenant_id in web_encounters.tenants_due()
    web_encounters.expire(world.tenant_id)
    (threat,) = threats(world)
    assert (threat.status, threat.resolution) == ("resolved", web_encounters.RESOLVED_BY_TIME)
    assert world.state(device) == "secured"
    assert world.tenant_id not in web_encounters.tenants_due()
    with database.tenant(world.tenant_id):
        actions = list(
            Event.objects.filter(target_id=str(threat.id))
            .order_by("position")
            .values_list("action", flat=True)
        )
    assert actions == ["threat.open", "threat.resolved"]


def test_nothing_is_kept_of_the_clean_and_the_allowed(world: World) -> None:
    device = healthy(world)
    assert not web_encounters.record(
        world.tenant_id, [encounter(device, "news.example"), encounter(device, "www.good.example")]
    )
    assert stored(world) == []


def test_signs_alone_and_questions_cost_no_access(world: World) -> None:
    device = healthy(world)
    given = [encounter(device, "odd.example", verdict=SUSPICIOUS), encounter(device, way="text")]
    opened = web_encounters.record(world.tenant_id, given)
    assert {t.status for t in opened} == {"resolved"}
    assert world.state(device) == "secured"
    assert web_encounters.record(world.tenant_id, given) == []  # told once a day
    assert [row.times for row in stored(world)] == [2, 2]


def test_many_names_below_a_listed_one_are_one_threat(world: World) -> None:
    device = healthy(world)
    opened = web_encounters.record(
        world.tenant_id, [encounter(device, f"x{n}.bad.example") for n in range(5)]
    )
    assert len(opened) == 1
    assert len(stored(world)) == 5


def test_a_device_fills_the_table_only_so_far(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device = healthy(world)
    monkeypatch.setattr(web_encounters, "MOST_OF_A_DEVICE", 3)
    for n in range(3):
        web_encounters.record(world.tenant_id, [encounter(device, f"a{n}.bad.example")])
    web_encounters.record(world.tenant_id, [encounter(device, f"b{n}.bad.example") for n in range(4)])
    assert [(row.subject, row.times) for row in stored(world)] == [
        ("a0.bad.example", 1), ("a1.bad.example", 1), ("a2.bad.example", 1), ("bad.example", 4),
    ]  # fmt: skip
    assert len(threats(world)) == 1


def test_a_threat_ends_also_when_another_entry_covers_its_host_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = healthy(world)
    web_encounters.record(world.tenant_id, [encounter(device)])
    narrower = judge_host("login.bad.example", WebLists.of(denied={"login.bad.example": ""}))
    web_encounters.record(world.tenant_id, [encounter(device, verdict=narrower)])
    later = clock.now() + dt.timedelta(hours=1, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    web_encounters.expire(world.tenant_id)
    assert {threat.status for threat in threats(world)} == {"resolved"}
    assert world.state(device) == "secured"


def test_no_path_is_kept_of_what_cannot_be_read(world: World) -> None:
    device = healthy(world)
    link = "http://bo:pw@odd.example:99999/reset?user=bo"
    web_encounters.record(world.tenant_id, [encounter(device, link, "link", judge_url(link, LISTS))])
    (row,) = stored(world)
    assert row.subject == "odd.example:99999"
    (threat,) = threats(world)
    told = f"{row.evidence} {threat.key} {threat.summary} {threat.evidence}"
    assert "odd.example:99999" in told
    assert "reset" not in told
    assert "pw" not in told


def test_a_question_neither_hides_nor_prolongs_what_counts(world: World) -> None:
    device = healthy(world)
    web_encounters.record(world.tenant_id, [encounter(device), encounter(device, way="text")])
    assert world.state(device) == "medium"
    before = stored(world)[0].open_until
    web_encounters.record(world.tenant_id, [encounter(device, way="text")])
    assert stored(world)[0].open_until == before


def test_met_again_it_counts_longer_and_what_is_ignored_stays_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = healthy(world)
    (threat,) = web_encounters.record(world.tenant_id, [encounter(device)])
    triage.ignore(threat, "our own test", ADA)
    assert world.state(device) == "secured"
    assert web_encounters.record(world.tenant_id, [encounter(device)]) == []
    assert world.state(device) == "secured"

    first = stored(world)[0].open_until
    later = clock.now() + dt.timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    web_encounters.record(world.tenant_id, [encounter(device)])
    second = stored(world)[0].open_until
    assert first
    assert second
    assert second - first > dt.timedelta(minutes=29)


@pytest.mark.parametrize(
    ("ownership", "wanted", "kept"),
    [
        ("company", True, "https://login.bad.example/reset?user=bo"),
        ("company", False, "login.bad.example"),
        ("personal", True, "login.bad.example"),
        (None, True, "login.bad.example"),
    ],
)
def test_a_path_is_kept_only_of_company_phones_where_wanted(
    world: World, ownership: str | None, kept: str, *, wanted: bool
) -> None:
    device = healthy(world)
    web_settings.change_settings(world.tenant_id, {"keep_addresses": wanted}, ADA)
    with database.writer(world.tenant_id):
        Device.objects.filter(id=device.id).update(managed_facts={"ownership": ownership})
    verdict = judge_host("login.bad.example", LISTS)
    web_encounters.record(
        world.tenant_id, [encounter(device, "https://login.bad.example/reset?user=bo", verdict=verdict)]
    )
    assert [row.subject for row in stored(world)] == [kept]


def test_a_stranger_neither_sees_nor_is_charged(world: World, stranger: World) -> None:
    device = healthy(world)
    web_encounters.record(stranger.tenant_id, [encounter(device)])  # a phone that is not theirs
    assert stored(stranger) == []
    web_encounters.record(world.tenant_id, [encounter(device)])
    assert stored(stranger) == []
    assert len(stored(world)) == 1


def test_old_encounters_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device = healthy(world)
    web_encounters.record(world.tenant_id, [encounter(device)])
    later = clock.now() + dt.timedelta(days=91)
    monkeypatch.setattr(clock, "now", lambda: later)
    web_encounters.expire(world.tenant_id)
    assert web_encounters.forget_old(world.tenant_id, dt.timedelta(days=90)) == 1
    assert stored(world) == []
