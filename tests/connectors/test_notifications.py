"""Mail of the connectors: who asked for what, once, in their language, and nothing lost when the server is down."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import translation
from tests.connectors.scene import CONTACT, Scene
from tests.support.console import sign_in
from tests.support.lab import free_ports
from tests.support.world import ADA

from vedette.compliance import triage
from vedette.connectors import errors
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.connectors.mail import jobs, notify
from vedette.connectors.mail.compose import compose
from vedette.connectors.mail.models import Notification
from vedette.devices.models import Device
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat

Clock = Callable[[float], None]


@pytest.fixture
def reporting(scene: Scene) -> Scene:
    """Phones that are enrolled, two of them activated; Monitor mode: mail does not wait for arming."""
    return scene


def phone(scene: Scene) -> Device:
    return scene.devices(activation_status="ACTIVATED")[0]


def administrator(scene: Scene, name: str, **preferences: Any) -> str:
    return sign_in(scene.world, "full", name, **preferences).administrator.email


def words(mail: dict[str, Any]) -> str:
    return " ".join(mail["text"].split())


# --- threats, by each person's preferences (E5)


def test_each_person_hears_of_the_levels_they_asked_for(reporting: Scene) -> None:
    high = administrator(reporting, "highonly", notify_high=True)
    low = administrator(reporting, "lowonly", notify_low=True)
    quiet = administrator(reporting, "quiet")
    reporting.report_bad(phone(reporting))
    reporting.send_mail()
    (mail,) = reporting.mails(high)
    device = phone(reporting)
    assert device.display_name in mail["subject"]
    assert mail["subject"].startswith("High risk: ")
    with database.tenant(reporting.tenant_id):
        threat = Threat.objects.get()
    assert f"/threats/{threat.pk}/" in mail["text"]
    assert device.owner_name in words(mail)
    assert "preferences ask for it" in words(mail)
    assert (reporting.mails(low), reporting.mails(quiet)) == ([], [])


def test_a_threat_is_told_once_however_often_it_is_reported(reporting: Scene) -> None:
    address = administrator(reporting, "highonly", notify_high=True)
    for _ in range(3):
        reporting.report_bad(phone(reporting))
        reporting.send_mail()
    assert len(reporting.mails(address)) == 1


def test_a_threat_that_comes_back_after_its_end_is_told_anew(reporting: Scene) -> None:
    address = administrator(reporting, "highonly", notify_high=True)
    device = phone(reporting)
    reporting.report_bad(device)
    reporting.report_good(device)
    reporting.report_bad(device)
    reporting.send_mail()
    assert len(reporting.mails(address)) == 2


def test_what_an_administrator_ignores_is_not_told_again(reporting: Scene) -> None:
    address = administrator(reporting, "highonly", notify_high=True)
    device = phone(reporting)
    reporting.report_bad(device)
    with database.tenant(reporting.tenant_id):
        threat = Threat.objects.get()
    triage.ignore(threat, "known", ADA)
    reporting.report_bad(device)
    reporting.send_mail()
    assert len(reporting.mails(address)) == 1


def test_many_threats_at_once_are_one_mail(reporting: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    # how many phones of each platform the lab has is chance
    monkeypatch.setattr(notify, "MOST_MAILS", 1)
    address = administrator(reporting, "highonly", notify_high=True)
    devices = reporting.devices(platform="ANDROID")
    for device in devices[2:]:
        reporting.activate(device)
    reporting.report_bad(*devices)
    reporting.send_mail()
    (mail,) = reporting.mails(address)
    assert mail["subject"] == f"{len(devices)} new threats"
    for device in devices:
        assert device.display_name in mail["text"]


def test_a_mail_is_in_the_language_of_its_reader(reporting: Scene) -> None:
    english = administrator(reporting, "english", notify_high=True, language="en")
    french = administrator(reporting, "french", notify_high=True, language="fr")
    reporting.report_bad(phone(reporting))
    reporting.send_mail()
    assert "Risque élevé" in reporting.mails(french)[0]["subject"]
    assert "High risk" in reporting.mails(english)[0]["subject"]
    assert "Comment y remédier" in words(reporting.mails(french)[0])


def test_somebody_without_a_language_reads_the_accounts(reporting: Scene) -> None:
    with database.writer(reporting.tenant_id):
        Tenant.objects.filter(pk=reporting.tenant_id).update(language="fr")
    address = administrator(reporting, "anybody", notify_high=True, language="")
    reporting.report_bad(phone(reporting))
    reporting.send_mail()
    assert "Risque élevé" in reporting.mails(address)[0]["subject"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("kind", "context"),
    [
        (
            "error",
            {
                "connector": "intune",
                "code": "group_missing:7",
                "message": "The enrollment group %(name)s (%(id)s) is not in Entra any more.",
                "explanation": "Who was in it cannot be known, so no device is taken out until this is settled.",
                "next_step": "",
                "words": {"name": "50 % <b>Phones</b>", "id": "7"},
            },
        ),
        (
            "error",
            {
                "connector": "partner",
                "code": "http500",
                "message": "100%s <script>",
                "explanation": "",
                "next_step": "",
                "words": {},
            },
        ),
        (
            "state",
            {"connector": "intune", "before": "enabled", "after": "unresponsive", "message": "no answer"},
        ),
        ("state", {"connector": "intune", "before": "unresponsive", "after": "enabled"}),
    ],
)
def test_mails_can_be_written_and_hold_no_markup_of_others(
    kind: str, context: dict[str, Any], language: str
) -> None:
    message = compose(kind, context, language)
    assert "\n" not in message.subject
    assert "<script>" not in message.html
    assert "<b>Phones" not in message.html
    for value in context.get("words", {}).values():
        assert value in message.text
    assert f'lang="{language}"' in message.html


def test_the_texts_of_errors_are_translated() -> None:
    texts = ("", "The directory could not be read to its end, so no device was taken out.", "")
    with translation.override("fr"):
        assert errors.shown(*texts, {}).explanation != texts[1]


# --- errors of connectors (C5)


def problem(code: str = "E1", **advice: Any) -> Problem:
    return Problem("poll", code, "It broke.", Advice("Because.", "Mend it.", **advice))


def test_an_error_goes_once_to_those_named(reporting: Scene) -> None:
    reporting.save(error_emails=["ops@example.test", "night@example.test"])
    for _ in range(3):
        errors.record(reporting.tenant_id, "intune", problem())
    reporting.send_mail()
    for address in ("ops@example.test", "night@example.test"):
        (mail,) = reporting.mails(address)
        assert "It broke." in words(mail)
        assert "Mend it." in words(mail)
    assert reporting.mails(CONTACT) == []


def test_with_nobody_named_the_primary_contact_is_told(reporting: Scene) -> None:
    errors.record(reporting.tenant_id, "intune", problem())
    reporting.send_mail()
    assert len(reporting.mails(CONTACT)) == 1


def test_what_lasts_is_told_only_then_and_what_passed_never(reporting: Scene, move_clock: Clock) -> None:
    def record(code: str) -> None:
        errors.record(reporting.tenant_id, "intune", problem(code, mail_after=LASTING))

    record("lasting")
    record("passing")
    errors.passed(reporting.tenant_id, "intune", "poll", still=["lasting"])
    assert reporting.notifications() == []
    move_clock(LASTING.total_seconds() + 5)
    record("lasting")
    record("passing")
    record("lasting")
    assert [row.context["code"] for row in reporting.notifications()] == ["lasting"]


def test_an_error_that_comes_and_goes_is_no_stream_of_mail(reporting: Scene, move_clock: Clock) -> None:
    for hour in range(5):
        move_clock(hour * 3600)
        errors.record(reporting.tenant_id, "intune", problem())
        errors.passed(reporting.tenant_id, "intune", "poll")
    assert len(reporting.notifications()) == 1
    move_clock(3 * 24 * 3600)
    errors.record(reporting.tenant_id, "intune", problem())
    assert len(reporting.notifications()) == 2, "days later it is news again"
    (error,) = reporting.errors()
    assert (error.count, error.resolved_at) == (6, None)
    assert error.since > error.first_seen_at


def test_an_error_that_never_stops_is_told_once(reporting: Scene, move_clock: Clock) -> None:
    for hour in range(0, 96, 6):
        move_clock(hour * 3600)
        errors.record(reporting.tenant_id, "intune", problem())
    assert len(reporting.notifications()) == 1


def test_acknowledging_is_audited_and_ends_with_the_next_run(reporting: Scene) -> None:
    error = errors.record(reporting.tenant_id, "intune", problem())
    assert errors.acknowledge(reporting.tenant_id, error.pk, ADA)
    assert reporting.errors()[0].acknowledged_by == ADA.name
    assert "connector.error_acknowledged" in reporting.actions()
    errors.record(reporting.tenant_id, "intune", problem())
    assert reporting.errors()[0].acknowledged_at is not None, "it is still the same trouble"
    errors.passed(reporting.tenant_id, "intune", "poll")
    errors.record(reporting.tenant_id, "intune", problem())
    assert reporting.errors()[0].acknowledged_at is None
    assert not errors.acknowledge(reporting.tenant_id, uuid4(), ADA)


# --- the mail server


@pytest.fixture
def dead_server() -> Iterator[None]:
    """Nobody listens where the mail server should be."""
    (port,) = free_ports(1)
    with override_settings(EMAIL_PORT=port):
        yield


def test_nothing_is_lost_while_the_server_is_down(reporting: Scene, move_clock: Clock) -> None:
    reporting.save(error_emails=["a@example.test", "b@example.test", "c@example.test"])
    (port,) = free_ports(1)
    with override_settings(EMAIL_PORT=port):
        errors.record(reporting.tenant_id, "intune", problem())
        for hours in range(0, 60, 4):
            move_clock(hours * 3600)
            reporting.send_mail()
        rows = reporting.notifications()
        assert {row.status for row in rows} == {"due"}
        assert all("cannot be reached" in row.error and row.attempts > 10 for row in rows)
    move_clock(64 * 3600)
    reporting.send_mail()
    assert {row.status for row in reporting.notifications()} == {"sent"}
    for address in ("a@example.test", "b@example.test", "c@example.test"):
        assert len(reporting.mails(address)) == 1


def test_after_a_week_it_is_given_up(reporting: Scene, move_clock: Clock, dead_server: None) -> None:
    assert dead_server is None
    errors.record(reporting.tenant_id, "intune", problem())
    reporting.send_mail()
    move_clock(dt.timedelta(days=8).total_seconds())
    reporting.send_mail()
    assert [row.status for row in reporting.notifications()] == ["failed"]


def test_one_mail_that_cannot_be_written_does_not_hold_the_others_up(reporting: Scene) -> None:
    errors.record(reporting.tenant_id, "intune", problem())
    with database.tenant(reporting.tenant_id):
        Notification.objects.create(
            tenant_id=reporting.tenant_id,
            kind="threat",
            reference="x",
            address=CONTACT,
            context={"classification": "NO_SUCH_THING"},
            created_at=clock.now() - dt.timedelta(minutes=1),
            due_at=clock.now() - dt.timedelta(minutes=1),
        )
    reporting.send_mail()
    assert sorted(row.status for row in reporting.notifications()) == ["failed", "sent"]


def test_the_lease_of_a_worker_that_died_runs_out(reporting: Scene, move_clock: Clock) -> None:
    errors.record(reporting.tenant_id, "intune", problem())
    assert len(jobs._claim(reporting.tenant_id)) == 1
    reporting.send_mail()
    assert reporting.mails(CONTACT) == []
    move_clock(301)
    reporting.send_mail()
    assert len(reporting.mails(CONTACT)) == 1
