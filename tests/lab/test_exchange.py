"""Exchange Online as the lab plays it: sending by Graph and by SMTP with a token, from opened mailboxes only."""

import base64
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.lab.conftest import App

EXCHANGE_SCOPE = "https://outlook.office365.com/.default"


@pytest.fixture
def mailbox(app: App) -> str:
    """An address of Contoso whose mailbox is opened to the application."""
    user = app.lab.get(f"/tenants/{app.tid}")["accounts"][0]
    app.lab.client.put(
        f"/lab/tenants/{app.tid}/mailbox-access",
        json={"client_id": app.client_id, "mailboxes": [user["upn"]]},
    )
    app.consent("SMTP.SendAsApp", "Mail.Send")
    return str(user["upn"])


def xoauth2(user: str, token: str) -> str:
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def exchange_token(app: App) -> str:
    return str(app.token_request(scope=EXCHANGE_SCOPE).json()["access_token"])


@contextmanager
def connected(app: App) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=str(app.lab.ca_file))
    with smtplib.SMTP("127.0.0.1", app.lab.smtp_port, timeout=30) as server:
        server.starttls(context=context)
        server.ehlo()
        yield server


def signed_in(server: smtplib.SMTP, user: str, token: str) -> tuple[int, bytes]:
    return server.auth("XOAUTH2", lambda _challenge=None: xoauth2(user, token))


def letter(sender: str) -> str:
    return f"From: Vedette <{sender}>\r\nTo: ada@example.org\r\nSubject: Hello\r\n\r\nText\r\n"


def test_a_token_with_the_role_sends_from_its_mailbox(app: App, mailbox: str) -> None:
    with connected(app) as server:
        assert signed_in(server, mailbox, exchange_token(app))[0] == 235
        server.sendmail(mailbox, ["ada@example.org"], letter(mailbox))
        with pytest.raises(smtplib.SMTPDataError, match=r"5\.2\.252 SendAsDenied"):
            server.sendmail(mailbox, ["ada@example.org"], letter("boss@contoso.example"))
    (mail,) = app.lab.get("/mail", to="ada@example.org")
    assert mailbox in mail["from"]


def test_what_opens_no_mailbox_is_refused(app: App, mailbox: str) -> None:
    other = app.lab.get(f"/tenants/{app.tid}")["accounts"][1]["upn"]
    tries = {
        "a token for Graph": (mailbox, app.token()),
        "a mailbox that is not opened": (other, exchange_token(app)),
        "no token": (mailbox, "none"),
    }
    for why, (user, token) in tries.items():
        with connected(app) as server, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            signed_in(server, user, token)
        assert refused.value.smtp_code == 535, why
    app.consent("Mail.Send")
    with connected(app) as server, pytest.raises(smtplib.SMTPAuthenticationError):
        signed_in(server, mailbox, exchange_token(app))


def test_nobody_signs_in_before_the_line_is_encrypted(app: App, mailbox: str) -> None:
    with smtplib.SMTP("127.0.0.1", app.lab.smtp_port, timeout=30) as server:
        server.ehlo()
        assert not server.has_extn("auth")
        response = base64.b64encode(xoauth2(mailbox, exchange_token(app)).encode()).decode()
        assert server.docmd("AUTH", f"XOAUTH2 {response}")[0] == 538


def send(app: App, sender: str, **changes: Any) -> httpx.Response:
    message = {
        "subject": "Hello",
        "body": {"contentType": "HTML", "content": "<p>Text</p>"},
        "toRecipients": [{"emailAddress": {"address": "ada@example.org"}}],
        **changes,
    }
    return app.call("POST", f"/users/{sender}/sendMail", json={"message": message, "saveToSentItems": False})


def test_graph_sends_from_mailboxes_that_the_policy_opens(app: App, mailbox: str) -> None:
    assert (answer := send(app, mailbox)).status_code == 202, answer.text
    assert app.lab.get("/mail", to="ada@example.org")[0]["html"] == "<p>Text</p>"
    other = app.lab.get(f"/tenants/{app.tid}")["accounts"][1]["upn"]
    refused = send(app, other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    app.lab.client.put(
        f"/lab/tenants/{app.tid}/mailbox-access", json={"client_id": app.client_id, "mailboxes": None}
    )
    assert send(app, other).status_code == 202


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"colour": "red"}, "RequestBodyRead"),
        ({"toRecipients": []}, "ErrorInvalidRecipients"),
        ({"toRecipients": [{"emailAddress": {"address": "nobody"}}]}, "ErrorInvalidRecipients"),
        ({"internetMessageHeaders": [{"name": "Subject", "value": "x"}]}, "InvalidInternetMessageHeader"),
    ],
    ids=["unknown property", "nobody", "no address", "a header of the protocol"],
)
def test_graph_refuses_what_is_no_message(app: App, mailbox: str, changes: dict[str, Any], code: str) -> None:
    refused = send(app, mailbox, **changes)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
