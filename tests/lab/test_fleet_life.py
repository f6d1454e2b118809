"""The lives of simulated phones: pure, repeatable, at published rates."""

import json
import math
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.detection import Context, run
from vedette_facts.report import decode_facts, digest
from vedette_facts.versions import older, patch_older
from vedette_lab.fleet import life
from vedette_lab.fleet.apps import MALWARE, UNLISTED, named
from vedette_lab.fleet.invitations import Owned, code_in, phone_meant
from vedette_lab.fleet.lab import owned, playable
from vedette_lab.fleet.life import ACTIONS, NEVER, Moment, Order, Profile, facts_at, next_change, silent

START = Moment(0.0, 0.0)
SPYAPP, BANKER = (app.package for app in MALWARE)
(TORCH,) = (app.package for app in UNLISTED)


def phone(number: int = 1, story: str | None = None, platform: str = "ANDROID") -> Profile:
    return Profile(
        id=f"phone-{number}",
        platform=platform,  # type: ignore[arg-type]  # tests pass plain text
        manufacturer="Google",
        model="Pixel 8a",
        os_version="15",
        security_patch="2026-02-05" if platform == "ANDROID" else None,
        story=story,
    )


def packages(profile: Profile, moment: Moment, *orders: Order) -> set[str]:
    return {app.package for app in facts_at(7, profile, moment, orders).apps or []}


profiles = st.builds(
    phone,
    st.integers(0, 5000),
    st.sampled_from([None, "malware", "outdated", "silent", "mended"]),
    st.sampled_from(["ANDROID", "IOS"]),
)
moments = st.builds(Moment, st.floats(0, 20_000), st.floats(0, 5_000))
orders = st.lists(
    st.builds(Order, st.sampled_from(ACTIONS), st.sampled_from([None, SPYAPP, "org.example.x"]))
)


@given(st.integers(0, 99), profiles, moments, orders)
@settings(max_examples=150)
def test_whatever_happens_is_a_report_the_protocol_takes_and_the_same_again(
    seed: int, profile: Profile, moment: Moment, given_orders: list[Order]
) -> None:
    facts = facts_at(seed, profile, moment, given_orders)
    assert decode_facts(msgspec.json.encode(facts)) == facts
    life._month.cache_clear()
    life.standing_of.cache_clear()
    assert digest(facts_at(seed, profile, moment, given_orders)) == digest(facts)


@given(profiles, moments)
@settings(max_examples=150)
def test_between_two_changes_the_facts_stay(profile: Profile, moment: Moment) -> None:
    change = next_change(7, profile, moment)
    assert change.hours > moment.hours
    assert change.age > moment.age
    before = Moment(
        min(math.nextafter(change.hours, 0), moment.hours + 1),
        min(math.nextafter(change.age, 0), moment.age + 1),
    )
    assert facts_at(7, profile, before) == facts_at(7, profile, moment)


@pytest.mark.parametrize(
    ("story", "age", "infected"),
    [
        ("malware", 0, set()),
        ("malware", 3, {SPYAPP}),
        ("malware", 5000, {SPYAPP}),
        ("mended", 0, set()),
        ("mended", 3, {BANKER}),
        ("mended", 62.9, {BANKER}),
        ("mended", 63, set()),
        ("mended", 303, {BANKER}),
        ("outdated", 100, set()),
        ("silent", 100, set()),
    ],
)
def test_stories_of_malware(story: str, age: float, infected: set[str]) -> None:
    assert packages(phone(story=story), Moment(1.0, age)) & {SPYAPP, BANKER} == infected


def test_the_outdated_phone_is_behind_and_nothing_else() -> None:
    facts = facts_at(7, phone(story="outdated"), START)
    assert older(facts.device.os_version, "13") is True
    assert patch_older(facts.device.security_patch, date(2025, 1, 1)) is True
    assert facts.posture.screen_lock is True
    assert not facts.posture.root
    mended = facts_at(7, phone(story="outdated"), START, [Order("update_os")])
    assert older(mended.device.os_version, "13") is False
    assert patch_older(mended.device.security_patch, date(2025, 1, 1)) is False


def test_the_silent_phone_speaks_once_and_again_when_told() -> None:
    profile = phone(story="silent")
    assert not silent(profile, START)
    assert silent(profile, Moment(0, 4))
    assert not silent(profile, Moment(0, 4), [Order("speak")])
    assert silent(profile, Moment(0, 4), [Order("speak"), Order("silence")])
    assert silent(phone(), START, [Order("silence")])
    assert not silent(phone(), START, [Order("install", SPYAPP)])


def test_orders_win_over_fate_and_the_last_order_wins() -> None:
    profile = phone(story="malware")
    sick = Moment(0, 10)
    assert SPYAPP in packages(profile, sick)
    assert SPYAPP not in packages(profile, sick, Order("remove", SPYAPP))
    assert SPYAPP not in packages(profile, sick, Order("remove"))
    assert SPYAPP in packages(profile, sick, Order("remove"), Order("install", SPYAPP))
    assert "org.example.x" in packages(profile, sick, Order("install", "org.example.x"), Order("remove"))
    unlocked = next(p for n in range(500) if life.standing_of(7, p := phone(n)).no_lock)
    assert facts_at(7, unlocked, START).posture.screen_lock is False
    assert facts_at(7, unlocked, START, [Order("lock_screen")]).posture.screen_lock is True


def test_standing_states_are_as_common_as_published() -> None:
    fleet = [life.standing_of(7, phone(number)) for number in range(4000)]
    for share, name in (
        (life.OUT_OF_DATE_OS, "out_of_date"),
        (life.NO_LOCK, "no_lock"),
        (life.OLD_PATCH, "old_patch"),
        (life.OUTSIDE_STORE, "outside_store"),
    ):
        met = sum(getattr(standing, name) for standing in fleet) / len(fleet)
        # four standard errors: the seed is fixed, so this cannot turn red by chance
        assert abs(met - share) < 4 * math.sqrt(share * (1 - share) / len(fleet)), name


def test_malware_comes_as_often_as_published_and_goes_again() -> None:
    months, count = 12, 1500
    fleet = [phone(number) for number in range(count)]
    episodes = [e for p in fleet for month in range(months) for e in life._month(7, p, month)]
    malware = [e for e in episodes if e.app in (*MALWARE, *UNLISTED)]
    expected = life.MALWARE_PER_MONTH * months * count
    assert abs(len(malware) - expected) < 4 * math.sqrt(expected)
    assert all(0 < e.ends - e.begins <= life.MONTH_HOURS for e in episodes)
    sick = next(p for p in fleet if any(e.app in MALWARE for e in life._month(7, p, 0)))
    episode = next(e for e in life._month(7, sick, 0) if e.app in MALWARE)
    assert episode.app is not None
    assert episode.app.package in packages(sick, Moment(episode.begins, 0))
    assert episode.app.package not in packages(sick, Moment(episode.ends, 0))


def test_another_seed_is_another_fleet() -> None:
    fleets = [[life.standing_of(seed, phone(number)) for number in range(200)] for seed in (7, 8)]
    assert fleets[0] != fleets[1]


def test_an_iphone_lists_no_apps_and_no_android_facts() -> None:
    facts = facts_at(7, phone(platform="IOS"), START)
    assert facts.apps is None
    assert not facts.apps_complete
    assert facts.device.security_patch is None
    assert facts.device.sdk is None


def test_an_app_nobody_knows_was_side_loaded() -> None:
    app = named("org.example.unheard.of")
    assert app.installer == "com.google.android.packageinstaller"
    assert named("org.example.unheard.of") == app


MAIL = {
    "recipients": ["Ada@contoso.example"],
    "subject": "Protect your phone",
    "text": "Hello,\nyour activation code for ada_Android_3/1 is 7KQF-9XPM-2WTD.\n",
}


def belonging(number: int, name: str, upn: str = "ada@contoso.example", **changes: str) -> Owned:
    return Owned(replace(phone(number), **changes), f"0000-{number}", upn, name)  # type: ignore[arg-type]  # texts only


def test_a_code_is_found_in_text_or_page_and_nothing_else_is_one() -> None:
    assert code_in(MAIL) == "7KQF-9XPM-2WTD"
    page = {"text": "", "html": "<p>Code: <b>7KQF-9XPM-2WTD</b></p>"}
    assert code_in(page) == "7KQF-9XPM-2WTD"
    for text in ("", "7KQF-9XPM", "0af1-9XPM-2WTD", "1234-7KQF-9XPM-2WTD", "7KQF-9XPM-2WTD-AAAA"):
        assert code_in({"text": text}) is None


def test_the_phone_that_the_mail_names_gets_the_code() -> None:
    other, named_one = belonging(1, "ada_Android_9/9"), belonging(2, "ada_Android_3/1")
    stranger = belonging(3, "ada_Android_3/1", "eve@contoso.example")
    assert phone_meant(MAIL, [other, named_one, stranger]) == named_one
    assert phone_meant(MAIL, [other]) == other
    assert phone_meant(MAIL, [stranger]) is None
    assert phone_meant({**MAIL, "recipients": "ada@contoso.example"}, [stranger, named_one]) == named_one


def test_a_device_of_the_directory_becomes_a_phone() -> None:
    device = {
        "id": "a",
        "device_id": "b",
        "display_name": "Ada's phone",
        "operating_system_version": "14",
        "manufacturer": None,
        "model": "Pixel 8a",
        "account_enabled": True,
        "platform": "ANDROID",
        "upn": "ada@contoso.example",
        "story": None,
        "managed": {"android_security_patch_level": "2026-02-05"},
    }
    assert playable(json.loads(json.dumps(device)))
    assert owned(device).profile.security_patch == "2026-02-05"
    assert owned({**device, "managed": None}).profile.security_patch is None
    assert not playable({**device, "upn": None})
    assert not playable({**device, "platform": "OTHER"})
    assert not playable({**device, "account_enabled": False})


def test_never_is_never() -> None:
    assert next_change(7, phone(story="outdated"), Moment(5, 5)) == Moment(NEVER, NEVER)


def test_an_app_of_no_list_is_found_by_what_it_can_do() -> None:
    facts = facts_at(7, phone(), START, [Order("install", TORCH)])
    found = {finding.classification for finding in run(facts, Context()).findings}
    assert "SURVEILLANCEWARE" in found
    assert facts.settings is not None
    assert facts.settings.accessibility_services == [f"{TORCH}/.Service"]


def test_nobody_sits_between_a_healthy_phone_and_the_internet() -> None:
    for platform in ("ANDROID", "IOS"):
        facts = facts_at(7, phone(platform=platform), START)
        rules = {o.status for o in run(facts, Context()).observations if o.rule == "network.mitm"}
        assert rules == {"ok"}
