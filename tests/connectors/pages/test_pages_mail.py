"""The page of the mail connector, and what becomes of mail that goes by a mailbox of the tenant's own."""

import datetime as dt
from collections.abc import Callable

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.connectors.pages.addresses import ROOT
from tests.connectors.scene import CONTACT, Scene
from tests.support.console import Member, sign_in, text
from tests.support.microsoft import PERMISSIONS
from tests.support.world import ADA

from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.mail import mailbox
from vedette.connectors.mail.models import Notification
from vedette.devices import jobs as devices_jobs
from vedette.devices.models import Invitation
from vedette.foundation import clock, config, database
from vedette.foundation.mail import Sender

PAGE = f"{ROOT}mail/"


@pytest.fixture
def address(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mailbox of the organisation that is open to the application, by both ways."""
    monkeypatch.setenv("VEDETTE_EXCHANGE_SMTP_URL", f"smtp+starttls://127.0.0.1:{scene.lab.smtp_port}")
    config.current.cache_clear()
    found = scene.organisation.people["full"]
    allow(scene, "Mail.Send", "SMTP.SendAsApp")
    open_to(scene, found)
    return found


def allow(scene: Scene, *more: str) -> None:
    body = {"client_id": scene.microsoft.client_id, "permissions": [*PERMISSIONS, *more]}
    scene.lab.post(f"/tenants/{scene.organisation.id}/consents", body)


def open_to(scene: Scene, *addresses: str) -> None:
    body = {"client_id": scene.microsoft.client_id, "mailboxes": list(addresses)}
    path = f"/lab/tenants/{scene.organisation.id}/mailbox-access"
    scene.lab.client.put(path, json=body).raise_for_status()


def sender(scene: Scene) -> Sender | None:
    return mailbox.own(scene.tenant_id)


@pytest.mark.parametrize("route", ["graph", "smtp_oauth"])
def test_an_administrator_takes_a_mailbox_and_sends_a_test_to_themselves(
    scene: Scene, owner: Member, address: str, route: str
) -> None:
    assert "The operator's mail server" in text(owner.get(PAGE))
    assert "Saved." in text(owner.follow(PAGE, route=route, address=address))
    assert sender(scene) == Sender(route, str(scene.organisation.id), address)
    to = owner.administrator.email
    assert f"A mail is on its way to {to}." in text(owner.follow(f"{PAGE}test"))
    (mail,) = scene.mails(to)
    assert mail["subject"] == "Test mail of Vedette"
    assert address in mail["from"]
    assert "Saved." in text(owner.follow(PAGE, route="operator", address=""))
    assert sender(scene) is None


def test_what_cannot_send_is_not_taken_and_the_page_says_why(
    scene: Scene, owner: Member, address: str
) -> None:
    open_to(scene)
    page = text(owner.post(PAGE, route="graph", address=address))
    assert "Nothing was saved: Microsoft Graph does not let the application send" in page
    assert "application access policy" in page
    assert f'value="{address}"' in page
    assert "Enter the address of the mailbox." in text(owner.post(PAGE, route="graph", address=""))
    assert sender(scene) is None


def test_a_test_that_does_not_leave_says_why(scene: Scene, owner: Member, address: str) -> None:
    owner.post(PAGE, route="graph", address=address)
    open_to(scene)
    assert "No mail left: Microsoft Graph does not let" in text(owner.follow(f"{PAGE}test"))
    assert scene.mails(owner.administrator.email) == []


def test_restricted_access_sees_no_mailbox(scene: Scene) -> None:
    rita = sign_in(scene.world, "restricted", "rita")
    assert rita.get(PAGE).status_code == 403
    assert rita.post(PAGE, route="operator").status_code == 403
    assert rita.post(f"{PAGE}test").status_code == 403


def owe(scene: Scene) -> None:
    errors.record(
        scene.tenant_id, "intune", Problem("poll", "E1", "It broke.", Advice("Because.", "Mend it."))
    )


def due(scene: Scene) -> Notification:
    with database.tenant(scene.tenant_id):
        return Notification.objects.get(status="due", context__connector="intune")


def test_mail_leaves_from_the_tenants_own_mailbox(scene: Scene, owner: Member, address: str) -> None:
    owner.post(PAGE, route="graph", address=address)
    owe(scene)
    scene.send_mail()
    assert [address in mail["from"] for mail in scene.mails()] == [True]


def test_a_limit_of_microsofts_is_kept_and_nothing_is_sent_twice(
    scene: Scene, owner: Member, address: str, move_clock: Callable[[float], None]
) -> None:
    owner.post(PAGE, route="graph", address=address)
    scene.fault(f"POST /v1.0/users/{address}/sendMail", status=429, retry_after=1, times=1)
    owe(scene)
    since = clock.now()
    scene.send_mail()
    assert scene.mails() == []
    assert due(scene).due_at >= since + dt.timedelta(seconds=1)
    move_clock(3600)
    scene.send_mail()
    assert len(scene.mails()) == 1


def test_trouble_with_the_own_mailbox_is_told_by_the_operators_way(
    scene: Scene, owner: Member, address: str, move_clock: Callable[[float], None]
) -> None:
    owner.post(PAGE, route="graph", address=address)
    open_to(scene)
    owe(scene)
    scene.send_mail()
    assert scene.mails() == []
    assert {row.code for row in scene.errors()} >= {"mail_not_sent"}
    move_clock(3600)
    scene.send_mail()
    scene.send_mail()
    (mail,) = scene.mails(CONTACT)
    assert f"No mail leaves from {address}" in " ".join(mail["text"].split())
    open_to(scene, address)
    move_clock(7200)
    scene.send_mail()
    assert len(scene.mails()) == 2
    assert not errors.stand(scene.tenant_id, "mail", "send")


def test_invitations_wait_as_long_as_microsoft_asks(watched: Scene, owner: Member, address: str) -> None:
    owner.post(PAGE, route="graph", address=address)
    batch = devices_jobs.invite_all_pending(watched.tenant_id, ADA)
    assert batch
    watched.fault(f"POST /v1.0/users/{address}/sendMail", status=429, retry_after=1, times=1)
    devices_jobs.send_batch.func(str(watched.tenant_id), str(batch))
    with database.tenant(watched.tenant_id):
        unsent = Invitation.objects.filter(batch_id=batch, sent_at=None, send_error="")
        count = unsent.count()
        assert count == Invitation.objects.filter(batch_id=batch).count() > 0
    waiting = ProcrastinateJob.objects.filter(args__batch_id=str(batch), scheduled_at__isnull=False)
    assert [job.scheduled_at > clock.now() - dt.timedelta(minutes=1) for job in waiting] == [True]
    devices_jobs.send_batch.func(str(watched.tenant_id), str(batch))
    with database.tenant(watched.tenant_id):
        assert Invitation.objects.filter(batch_id=batch).exclude(sent_at=None).count() == count
