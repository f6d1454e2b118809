"""Silence alarms: each source that is not heard raises one alarm, is mailed once, and ends when it is heard again."""

import datetime as dt
from collections.abc import Callable

import pytest
from tests.connectors.scene import Scene
from tests.support.world import facts, load_intelligence

from vedette.compliance import sweep
from vedette.compliance.assess import assess
from vedette.connectors import silence, silence_jobs
from vedette.connectors.mail.models import Notification
from vedette.connectors.silence import PHONES, THRESHOLDS, Heard
from vedette.devices.models import Device
from vedette.feeds.models import FeedVersion
from vedette.foundation import clock, database

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def alarms(scene: Scene) -> set[str]:
    return {error.source for error in scene.errors(connector=silence.WATCH, resolved_at=None)}


def test_every_source_has_a_threshold_words_and_a_next_step() -> None:
    assert {source.code for source in silence.sources()} == THRESHOLDS.keys()
    for source in silence.sources():
        assert source.message
        assert source.advice.explanation
        assert source.advice.next_step


def test_silence_begins_after_the_threshold_and_nothing_to_say_is_none() -> None:
    now = clock.now()
    hour = dt.timedelta(hours=1)
    assert not Heard(None, hour).silent(now)
    assert not Heard(now - hour, hour).silent(now)
    assert Heard(now - hour - dt.timedelta(seconds=1), hour).silent(now)


def test_a_tenant_that_works_raises_nothing(enrolled: Scene) -> None:
    load_intelligence()
    enrolled.beat()
    enrolled.publish()
    assert silence.look(enrolled.tenant_id) == []


def test_what_stands_still_is_told_once_and_ends_when_it_is_heard(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    scene = enrolled
    phone = scene.activated()
    scene.beat()
    move_clock(49 * HOUR)
    scene.arm()
    assert set(silence.look(scene.tenant_id)) == {"check_ins", "poll", "heartbeat", "state_sync"}
    assert scene.notifications(kind="error") == [], "what passes within minutes is not mailed"
    for minutes in (5, 11, 20):
        move_clock(49 * HOUR + minutes * MINUTE)
        silence_jobs.look_for_silence.func(0)
    told = [row.context["code"] for row in scene.notifications(kind="error")]
    assert sorted(told) == ["silence_check_ins", "silence_heartbeat", "silence_poll", "silence_state_sync"]
    scene.send_mail()
    (mail,) = [mail for mail in scene.mails() if "silence_check_ins" in mail["subject"]]
    assert "No phone has checked in for 2 d 1 h" in " ".join(mail["text"].split())

    with database.tenant(scene.tenant_id):
        Device.objects.filter(id=phone.id).update(last_seen_at=clock.now())
    scene.poll()
    scene.beat()
    scene.publish()
    assert silence.look(scene.tenant_id) == []
    assert alarms(scene) == set()


def test_an_outage_that_outlasts_the_time_to_disconnect_is_no_end_of_it(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    scene = enrolled
    phone = scene.activated()
    move_clock(49 * HOUR)
    assert "check_ins" in silence.look(scene.tenant_id)
    move_clock(60 * DAY)
    sweep.sweep(scene.tenant_id)
    with database.tenant(scene.tenant_id):
        assert Device.objects.get(id=phone.id).disconnected_at is not None
    assert "check_ins" in silence.look(scene.tenant_id)


def test_reports_that_nobody_judges_raise_an_alarm(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    scene = enrolled
    phone = scene.activated()
    scene.world.report(phone, facts())
    move_clock(11 * MINUTE)
    assert silence.look(scene.tenant_id) == ["reports"]
    assess(scene.tenant_id)
    assert silence.look(scene.tenant_id) == []


def test_mail_that_waits_is_said_in_the_console_only(
    enrolled: Scene, move_clock: Callable[[float], None]
) -> None:
    scene = enrolled
    load_intelligence()
    with database.tenant(scene.tenant_id):
        now = clock.now()
        Notification.objects.create(
            tenant_id=scene.tenant_id, kind="error", reference="x", address="ada@example.test", language="en",
            context={}, created_at=now, due_at=now + dt.timedelta(days=1),
        )  # fmt: skip
    move_clock(61 * MINUTE)
    scene.poll()
    scene.beat()
    scene.publish()
    assert silence.look(scene.tenant_id) == ["mail"]
    (error,) = scene.errors(source="mail")
    assert error.mailed_at is None


@pytest.mark.parametrize(("loaded", "code"), [(False, "no_feeds"), (True, "feeds")])
def test_feeds_that_are_missing_or_old(
    enrolled: Scene, move_clock: Callable[[float], None], loaded: bool, code: str
) -> None:
    scene = enrolled
    if loaded:
        load_intelligence()
        with database.system():
            FeedVersion.objects.update(imported_at=clock.now() - dt.timedelta(days=31))
    move_clock(MINUTE)
    assert code in silence.look(scene.tenant_id)
    load_intelligence()
    with database.system():
        FeedVersion.objects.update(imported_at=clock.now())
    assert code not in silence.look(scene.tenant_id)


def test_one_tenants_trouble_does_not_silence_the_others(
    enrolled: Scene, move_clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = silence.look, []

    def look(tenant_id: object) -> list[str]:
        looked.append(tenant_id)
        if len(looked) == 1:
            raise RuntimeError("the first one is in trouble")
        return real(tenant_id)  # type: ignore[arg-type] # as the job hands it over

    monkeypatch.setattr(silence, "look", look)
    move_clock(3 * HOUR)
    silence_jobs.look_for_silence.func(0)
    silence_jobs.look_for_silence.func(0)
    assert "poll" in alarms(enrolled)


def test_few_phones_may_be_off_at_night() -> None:
    spans = [span for _fewer, span in PHONES]
    assert spans == sorted(spans, reverse=True)
    assert spans[-1] > THRESHOLDS["check_ins"]
