"""Mail from a mailbox of Microsoft 365, by Graph and by SMTP with a token, against the lab's Exchange Online."""

import logging
from collections.abc import Iterator
from email.mime.image import MIMEImage
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.mail import EmailMultiAlternatives
from tests.support.lab import Lab, start_lab
from tests.support.microsoft import Microsoft, Organisation, register

from vedette.foundation import config, mail, registration, tokens
from vedette.foundation.mail.sender import GRAPH, SMTP_OAUTH, Sender
from vedette.foundation.registration import Registration

ROUTES = [GRAPH, SMTP_OAUTH]
PERMISSION = {GRAPH: "Mail.Send", SMTP_OAUTH: "SMTP.SendAsApp"}


@pytest.fixture(scope="module")
def microsoft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsoft]:
    with start_lab(tmp_path_factory.mktemp("lab"), phones=10) as lab:
        yield register(lab)


@pytest.fixture(scope="module")
def organisation(microsoft: Microsoft) -> Organisation:
    return microsoft.organisation("Postbox")


@pytest.fixture
def mailbox(
    microsoft: Microsoft, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of a mailbox that is open to the application, which has both permissions."""
    lab = microsoft.lab
    for name, value in {
        "VEDETTE_LOGIN_URL": lab.url,
        "VEDETTE_GRAPH_URL": lab.url,
        "VEDETTE_CA_FILE": str(lab.ca_file),
        "VEDETTE_CLIENT_ID": microsoft.client_id,
        "VEDETTE_CLIENT_CERTIFICATE": microsoft.certificate,
        "VEDETTE_CLIENT_KEY": microsoft.key,
        "VEDETTE_EXCHANGE_SMTP_URL": f"smtp+starttls://127.0.0.1:{lab.smtp_port}",
        "VEDETTE_MAIL_FROM": "Vedette of Postbox <operator@example.org>",
    }.items():
        monkeypatch.setenv(name, value)
    config.current.cache_clear()
    monkeypatch.setattr(registration, "_sources", [])  # no tables here: everybody uses the settings
    address = organisation.people["full"]
    allow(microsoft, organisation, *PERMISSION.values())
    open_mailboxes(microsoft, organisation, address)
    yield address
    monkeypatch.undo()
    config.current.cache_clear()
    lab.delete("/mail")
    lab.delete("/faults")


def allow(microsoft: Microsoft, organisation: Organisation, *permissions: str) -> None:
    body = {"client_id": microsoft.client_id, "permissions": permissions}
    microsoft.lab.post(f"/tenants/{organisation.id}/consents", body)


def open_mailboxes(microsoft: Microsoft, organisation: Organisation, *addresses: str) -> None:
    body = {"client_id": microsoft.client_id, "mailboxes": list(addresses)}
    microsoft.lab.client.put(f"/lab/tenants/{organisation.id}/mailbox-access", json=body).raise_for_status()


def send(organisation: Organisation, route: str, mailbox: str, to: str = "ada@example.org") -> None:
    with mail.connection(by=Sender(route, str(organisation.id), mailbox)) as connection:
        mail.send(to, "Téléphone à risque", "Bonjour é", "<p>Bonjour <b>é</b></p>", connection=connection)


def arrived(lab: Lab, to: str = "ada@example.org") -> list[dict[str, str]]:
    return list(lab.get("/mail", to=to))


@pytest.mark.parametrize("route", ROUTES)
def test_a_mail_leaves_in_the_name_of_the_mailbox(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, route: str
) -> None:
    send(organisation, route, mailbox)
    (found,) = arrived(microsoft.lab)
    assert mailbox in found["from"]
    assert found["subject"] == "Téléphone à risque"
    assert found["html"].strip() == "<p>Bonjour <b>é</b></p>"
    if route == SMTP_OAUTH:
        assert found["from"].startswith("Vedette of Postbox")


@pytest.mark.parametrize("route", ROUTES)
def test_many_mails_over_one_connection(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, route: str
) -> None:
    with mail.connection(by=Sender(route, str(organisation.id), mailbox)) as connection:
        for number in range(5):
            mail.send("ada@example.org", f"Mail {number}", "text", connection=connection)
    assert sorted(found["subject"] for found in arrived(microsoft.lab)) == [f"Mail {n}" for n in range(5)]


@pytest.mark.parametrize("route", ROUTES)
def test_a_picture_comes_along(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, route: str
) -> None:
    message = EmailMultiAlternatives("Code", "text", to=["ada@example.org"])
    message.attach_alternative('<img src="cid:qr@vedette">', "text/html")
    message.mixed_subtype = "related"
    picture = MIMEImage(b"\x89PNG\r\n\x1a\n", _subtype="png")
    picture.add_header("Content-ID", "<qr@vedette>")
    picture.add_header("Content-Disposition", "inline", filename="qr.png")
    message.attach(picture)
    with mail.connection(by=Sender(route, str(organisation.id), mailbox)) as connection:
        connection.send(message)
    (found,) = arrived(microsoft.lab)
    shown = microsoft.lab.client.get(f"/mailbox/message/{found['id']}/html").text
    assert "data:image/png;base64,iVBORw0K" in shown


@pytest.mark.parametrize("route", ROUTES)
def test_a_mailbox_that_is_not_opened_is_explained(
    microsoft: Microsoft,
    organisation: Organisation,
    mailbox: str,
    route: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    open_mailboxes(microsoft, organisation, "other@postbox.example")
    with pytest.raises(mail.MailError, match=PERMISSION[route]) as refused:
        send(organisation, route, mailbox)
    assert mailbox in refused.value.explanation
    assert not refused.value.permanent
    assert "eyJ" not in refused.value.explanation + caplog.text  # how every token begins
    assert arrived(microsoft.lab) == []


@pytest.mark.parametrize("route", ROUTES)
def test_a_missing_permission_is_explained(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, route: str
) -> None:
    allow(microsoft, organisation, "User.Read.All")
    # tokens of before keep what they carry: a fresh configuration asks for new ones
    config.current.cache_clear()
    tokens.shared.cache_clear()
    with pytest.raises(mail.MailError, match=PERMISSION[route]):
        send(organisation, route, mailbox)


@pytest.mark.parametrize("route", ROUTES)
def test_a_way_can_be_tried_without_sending(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, route: str
) -> None:
    with mail.connection(by=Sender(route, str(organisation.id), mailbox)) as connection:
        assert mailbox in connection.look()
    open_mailboxes(microsoft, organisation)
    with (
        mail.connection(by=Sender(route, str(organisation.id), mailbox)) as connection,
        pytest.raises(mail.MailError, match=PERMISSION[route]),
    ):
        connection.look()
    assert arrived(microsoft.lab) == []


@pytest.mark.usefixtures("mailbox")
def test_nobody_of_that_name(organisation: Organisation) -> None:
    with pytest.raises(mail.MailError, match="no mailbox ghost@postbox"):
        send(organisation, GRAPH, "ghost@postbox.example")


def test_a_recipient_that_is_none_is_given_up(organisation: Organisation, mailbox: str) -> None:
    with pytest.raises(mail.MailError) as refused:
        send(organisation, GRAPH, mailbox, to="nobody")
    assert refused.value.permanent


def test_graph_is_not_asked_again_sooner_than_it_allows(microsoft: Microsoft, mailbox: str) -> None:
    """In an organisation of its own: the limit closes calls for the whole tenant."""
    assert mailbox
    busy = microsoft.organisation("Busy")
    allow(microsoft, busy, "Mail.Send")
    path = f"/v1.0/users/{busy.people['full']}/sendMail"
    microsoft.lab.post("/faults", {"match": f"POST {path}", "status": 429, "retry_after": 77, "times": 1})
    with pytest.raises(mail.MailError) as refused:
        send(busy, GRAPH, busy.people["full"])
    assert refused.value.retry_after == 77
    assert not refused.value.permanent
    assert [row["status"] for row in microsoft.lab.get("/requests") if row["path"] == path] == [429]


def test_a_line_break_in_a_subject_is_refused(organisation: Organisation, mailbox: str) -> None:
    with (
        mail.connection(by=Sender(GRAPH, str(organisation.id), mailbox)) as connection,
        pytest.raises(mail.MailError) as refused,
    ):
        mail.send("ada@example.org", "Hello\nBcc: all@example.org", "text", connection=connection)
    assert refused.value.permanent


def test_the_installation_may_send_from_a_mailbox(
    microsoft: Microsoft, organisation: Organisation, mailbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEDETTE_MAIL_ROUTE", "graph")
    monkeypatch.setenv("VEDETTE_MAIL_TENANT", str(organisation.id))
    monkeypatch.setenv("VEDETTE_MAIL_MAILBOX", mailbox)
    config.current.cache_clear()
    mail.send("ada@example.org", "Hello", "text")
    assert [found["subject"] for found in arrived(microsoft.lab)] == ["Hello"]


@pytest.mark.parametrize("route", ROUTES)
def test_the_installations_mailbox_is_not_spoken_for_by_its_tenants_own_registration(
    microsoft: Microsoft,
    organisation: Organisation,
    mailbox: str,
    route: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = microsoft.lab
    own = Registration(client_id=str(uuid4()), login_url=lab.url, graph_url=lab.url, own=True)
    monkeypatch.setattr(registration, "_sources", [lambda _tenant: own])
    monkeypatch.setenv("VEDETTE_MAIL_ROUTE", route)
    monkeypatch.setenv("VEDETTE_MAIL_TENANT", str(organisation.id))
    monkeypatch.setenv("VEDETTE_MAIL_MAILBOX", mailbox)
    config.current.cache_clear()
    mail.send("ada@example.org", "Hello", "text")
    assert [found["subject"] for found in arrived(lab)] == ["Hello"]
    with pytest.raises(mail.MailError):
        send(organisation, route, mailbox)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"VEDETTE_MAIL_ROUTE": "pigeon"}, "VEDETTE_MAIL_ROUTE"),
        ({"VEDETTE_MAIL_ROUTE": "graph"}, "VEDETTE_MAIL_MAILBOX"),
        ({"VEDETTE_EXCHANGE_SMTP_URL": "smtp://smtp.office365.com"}, "in the clear"),
    ],
    ids=["no such way", "no mailbox", "no encryption"],
)
def test_settings_that_cannot_be_used_are_named(
    environment: dict[str, str], named: str, tmp_path: Path
) -> None:
    with pytest.raises(config.ConfigError, match=named):
        config.load({"VEDETTE_HOME": str(tmp_path), **environment})
