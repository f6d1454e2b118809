"""Reads a received mail: subject, readable parts and the links a person could press."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from lxml import etree, html

from vedette_lab.model import Json, Mail, new_id

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_TRAILING = ".,;:!?"


def read(raw: bytes, sender: str, recipients: list[str], at: datetime) -> Mail:
    """Read a mail as it came over SMTP; parts that cannot be decoded are shown as far as they can be."""
    message = message_from_bytes(raw, policy=policy.default)
    return Mail(
        id=new_id(),
        at=at,
        sender=sender,
        recipients=recipients,
        subject=_header(message, "subject") or "(no subject)",
        text=_part(message, "plain") or "",
        html=_part(message, "html"),
        headers={name: str(value) for name, value in message.items()},
    )


def _header(message: EmailMessage, name: str) -> str:
    return str(message.get(name, ""))


def _part(message: EmailMessage, kind: str) -> str | None:
    """Return the text of the body of a kind (plain, html), or None when the mail has none."""
    found = message.get_body((kind,))
    if found is None:
        return None
    try:
        return str(found.get_content())
    except (LookupError, ValueError, KeyError):
        # an unknown charset or a broken encoding: show what can be read
        raw = found.get_payload(decode=True)
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


def links(mail: Mail) -> list[str]:
    """Return the addresses in a mail in order of appearance, each once."""
    found = [link.rstrip(_TRAILING) for link in _LINK.findall(mail.text)]
    if mail.html and mail.html.strip():
        found += _anchors(mail.html)
    return list(dict.fromkeys(found))


def _anchors(source: str) -> list[str]:
    try:
        tree = html.fromstring(source)
    except (etree.ParserError, ValueError):
        return []
    targets = [str(anchor.get("href", "")) for anchor in tree.iter("a")]
    return [each for each in targets if each.startswith(("http://", "https://"))]


def describe(mail: Mail) -> Json:
    """Return a mail as JSON."""
    return {
        "id": mail.id,
        "date": mail.at.isoformat(),
        "from": mail.headers.get("From", mail.sender),
        "to": mail.recipients,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "links": links(mail),
    }
