"""The mailbox: real SMTP in, JSON and pages out."""

import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.lab import Lab

from vedette_lab.mailbox.letters import links, read, shown
from vedette_lab.model import Mail

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINK = "https://console.example.test/enroll?code=7KQF-9XPM-2WTD&lang=fr"


def letter(
    subject: str = "Protégez votre téléphone", *, html: str | None = None, to: str = "ada@example.test"
) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Vedette <vedette@example.test>"
    made["To"] = to
    made["Subject"] = subject
    made.set_content(f"Bonjour,\nouvrez {LINK}.\n")
    if html is not None:
        made.add_alternative(html, subtype="html")
    return made


def received(raw: bytes) -> Mail:
    return read(raw, "sender@example.test", ["ada@example.test"], NOW)


def send(lab: Lab, *letters: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", lab.smtp_port) as server:
        for each in letters:
            server.send_message(each)


def test_a_mail_is_listed_with_its_links(lab: Lab) -> None:
    html = (
        f'<p>Bonjour <a href="{LINK.replace("&", "&amp;")}">ici</a> <a href="javascript:alert(1)">là</a></p>'
    )
    send(lab, letter(html=html))
    [mail] = lab.get("/mail", to="ADA@example.test")
    assert mail["subject"] == "Protégez votre téléphone"
    assert mail["from"] == "Vedette <vedette@example.test>"
    assert mail["to"] == ["ada@example.test"]
    assert mail["links"] == [LINK]
    assert "Bonjour" in mail["text"]
    assert "ici" in mail["html"]


def test_a_picture_is_shown_where_the_mail_refers_to_it() -> None:
    made = letter(html='<img src="cid:qr@vedette" alt="code"><img src="cid:unknown">')
    _text, html = made.iter_parts()
    html.add_related(b"\x89PNG", "image", "png", cid="<qr@vedette>")
    html.add_related(b"<script>", "text", "html", cid="<unknown>")
    mail = received(made.as_bytes())
    assert shown(mail) == '<img src="data:image/png;base64,iVBORw==" alt="code"><img src="cid:unknown">\n'
    assert "iVBORw" not in (mail.html or "")


def test_listing_by_address_and_time(lab: Lab) -> None:
    send(lab, letter("one"), letter("two", to="bob@example.test"))
    assert [mail["subject"] for mail in lab.get("/mail", to="bob@example.test")] == ["two"]
    assert [mail["subject"] for mail in lab.get("/mail")] == ["one", "two"]
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert lab.get("/mail", since=later) == []
    assert len(lab.get("/mail", since="2020-01-01T00:00:00Z")) == 2
    for wrong in ("yesterday", "2026-01-01T00:00:00"):
        assert lab.client.get("/lab/mail", params={"since": wrong}).status_code == 400


def test_pages_show_a_mail_without_letting_it_act(lab: Lab) -> None:
    send(lab, letter('<script>alert("x")</script>', html="<h1>Hi</h1><script>alert(1)</script>"))
    [mail] = lab.get("/mail")
    overview = lab.client.get("/mailbox").text
    assert "&lt;script&gt;" in overview
    assert "<script>alert" not in overview
    assert "1 so far" in overview
    assert lab.client.get("/mailbox/ada@example.test").status_code == 200
    page = lab.client.get(f"/mailbox/message/{mail['id']}")
    assert LINK.replace("&", "&amp;") in page.text
    assert 'sandbox="allow-popups' in page.text
    framed = lab.client.get(f"/mailbox/message/{mail['id']}/html")
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


def test_empty_and_unknown_mailboxes_are_told_in_words(lab: Lab) -> None:
    assert "No mail yet" in lab.client.get("/mailbox").text
    assert "No mail yet" in lab.client.get("/mailbox/nobody@example.test").text
    assert lab.client.get("/mailbox/message/none").status_code == 404
    assert lab.client.get("/mailbox/message/none/html").status_code == 404


def test_a_thousand_mails_are_taken(lab: Lab) -> None:
    letters = [letter(str(number)) for number in range(1000)]
    send(lab, *letters)
    assert len(lab.get("/mail")) == 1000


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        (b"", "(no subject)", ""),
        (b"Subject: =?utf-8?q?Prot=C3=A9gez?=\n\nhello", "Protégez", "hello"),
        (b"Content-Type: text/plain; charset=unheard-of\n\n\xe9t\xe9", "(no subject)", "t"),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xff\xfe", "(no subject)", ""),
        (b"Content-Type: multipart/mixed; boundary=x\n\nno parts", "(no subject)", ""),
    ],
)
def test_odd_mails_are_read_as_far_as_they_can_be(raw: bytes, subject: str, text: str) -> None:
    mail = received(raw)
    assert mail.subject == subject
    assert text in mail.text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("see https://a.test/x.", ["https://a.test/x"]),
        ("(https://a.test/x) and https://a.test/x", ["https://a.test/x"]),
        ("no link", []),
    ],
)
def test_links_of_text(text: str, wanted: list[str]) -> None:
    assert links(Mail("1", NOW, "s", [], "s", text)) == wanted


@given(st.binary(max_size=300), st.text(max_size=100))
def test_any_bytes_and_any_html_are_read(raw: bytes, html: Any) -> None:
    mail = received(raw)
    mail.html = html
    assert isinstance(links(mail), list)
