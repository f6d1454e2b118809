"""Invitations by mail: what the mail says, who knows the code, sending in bulk over one connection."""

import email
import email.policy
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings
from tests.support.database import Database
from tests.support.world import ADA, World, make_world

from vedette.compliance import lifecycle
from vedette.devices import invitation_mail, invitations, jobs
from vedette.devices.invitations import CannotInvite
from vedette.devices.models import Invitation
from vedette.foundation import database
from vedette.foundation.mail import MailError
from vedette.foundation.secrets import hash_code


class Postman:
    """A mail server that keeps what it gets and refuses some addresses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.connections: set[Any] = set()
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name
        self, _server: Any, session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such person"
        self.connections.add(session.peer)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"


@pytest.fixture
def postman() -> Iterator[Postman]:
    handler = Postman()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=port):
        yield handler
    controller.stop()


@pytest.fixture
def world(db: Database) -> World:
    assert db.name
    return make_world("Contoso & Söhne")


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


def test_the_mail_names_the_phone_and_shows_the_code_on_its_own_line(world: World, postman: Postman) -> None:
    object_id = world.phone(world.person("bo"), display_name="Bo's <Pixel>")
    world.poll()
    issued = invitations.invite_device(world.device(object_id), ADA)
    invitation_mail.send(issued)
    (mail,) = postman.mails
    assert mail["To"] == "bo@example.test"
    assert mail["Subject"] == "Activate Vedette on Bo's <Pixel>"
    text, html = part(mail, "plain"), part(mail, "html")
    assert issued.code in text.splitlines()
    assert "/phone/" not in text, "the address of a page that does not exist"
    assert "Contoso & Söhne asks you" in text
    assert "What it never collects" in text
    assert issued.code in html
    assert "Bo&#x27;s &lt;Pixel&gt;" in html
    assert "Contoso &amp; Söhne" in html
    assert 'src="cid:qr@vedette"' in html
    (picture,) = [p for p in mail.walk() if p.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<qr@vedette>"
    assert picture.get_payload(decode=True)[:8] == b"\x89PNG\r\n\x1a\n"  # type: ignore[index] # bytes
    with database.tenant(world.tenant_id):
        row = Invitation.objects.get()
        assert row.sent_at
        assert bytes(row.code_hash) == hash_code(issued.code)


def test_the_qr_code_opens_the_app_with_server_and_code() -> None:
    address = invitation_mail.enroll_address("ABCD-EFGH-JKMN")
    assert address == "vedette://enroll?server=http%3A%2F%2F127.0.0.1%3A8080&code=ABCD-EFGH-JKMN"


def test_a_new_invitation_makes_the_older_one_worthless(world: World) -> None:
    object_id = world.phone()
    world.poll()
    first = invitations.invite_device(world.device(object_id), ADA)
    invitations.invite_device(world.device(object_id), ADA)
    with database.tenant(world.tenant_id):
        assert Invitation.objects.get(id=first.invitation.id).revoked_at
        assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_who_cannot_be_invited_is_told_why(world: World) -> None:
    object_id = world.phone()
    world.poll()
    device = world.device(object_id)
    lifecycle.deactivate(device, "lost", ADA)
    with pytest.raises(CannotInvite, match="Reinstate"):
        invitations.invite_device(device, ADA)
    with pytest.raises(CannotInvite, match="no e-mail"):
        invitations.invite_person(world.tenant_id, oid=object_id, upn="x", email="", actor=ADA)


def test_all_pending_are_invited_over_one_connection(world: World, postman: Postman) -> None:
    for _ in range(60):
        world.phone()
    world.poll()
    postman.refused.add("p3@example.test")
    batch = jobs.invite_all_pending(world.tenant_id, ADA)
    assert batch
    with database.tenant(world.tenant_id):
        assert invitations.progress(batch).waiting == 60
    # nobody is invited twice
    assert jobs.invite_all_pending(world.tenant_id, ADA) is None
    jobs.send_batch(str(world.tenant_id), str(batch))
    with database.tenant(world.tenant_id):
        done = invitations.progress(batch)
        failed = Invitation.objects.get(email="p3@example.test")
    assert (done.total, done.sent, done.failed, done.waiting) == (60, 59, 1, 0)
    assert "550" in failed.send_error
    assert len(postman.mails) == 59
    assert len(postman.connections) == 1
    codes = {next(line for line in part(m, "plain").splitlines() if len(line) == 14) for m in postman.mails}
    assert len(codes) == 59
    postman.refused.clear()
    assert jobs.retry_failed(world.tenant_id, batch, ADA) == 1
    jobs.send_batch(str(world.tenant_id), str(batch))
    with database.tenant(world.tenant_id):
        assert invitations.progress(batch).sent == 60


def test_a_mail_server_that_is_down_fails_the_batch_soon_and_says_why(world: World) -> None:
    for _ in range(30):
        world.phone()
    world.poll()
    batch = jobs.invite_all_pending(world.tenant_id, ADA)
    assert batch
    with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=1):
        jobs.send_batch(str(world.tenant_id), str(batch))
        issued = invitations.invite_device(world.devices()[0], ADA)
        with pytest.raises(MailError, match="cannot be reached"):
            invitation_mail.send(issued)
    with database.tenant(world.tenant_id):
        assert invitations.progress(batch).failed >= 29
        assert "cannot be reached" in Invitation.objects.get(id=issued.invitation.id).send_error


def test_whose_mail_did_not_leave_is_invited_again_with_everybody(world: World, postman: Postman) -> None:
    for _ in range(3):
        world.phone()
    world.poll()
    lost = jobs.invite_all_pending(world.tenant_id, ADA)
    with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=1):
        jobs.send_batch(str(world.tenant_id), str(lost))
    batch = jobs.invite_all_pending(world.tenant_id, ADA)
    assert batch
    jobs.send_batch(str(world.tenant_id), str(batch))
    assert len(postman.mails) == 3
    assert jobs.invite_all_pending(world.tenant_id, ADA) is None


def test_codes_of_a_batch_stand_in_no_table(world: World, postman: Postman, db: Database) -> None:
    world.phone()
    world.poll()
    batch = jobs.invite_all_pending(world.tenant_id, ADA)
    jobs.send_batch(str(world.tenant_id), str(batch))
    code = next(line for line in part(postman.mails[0], "plain").splitlines() if len(line) == 14)
    with db.owner() as connection:
        for table in ("procrastinate_jobs", "devices_invitation", "events_event"):
            rows = connection.execute(f"select t::text from {table} t").fetchall()  # noqa: S608 - names are ours
            assert rows
            assert not any(code in row[0] for row in rows)
