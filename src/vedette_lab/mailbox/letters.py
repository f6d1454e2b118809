"""Reads a received mail: subject, readable parts and the links a person could press."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from lxml import etree, html

from vedette_lab.intune_model import Json
from vedette_lab.model import Mail, new_id

_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_TRAILING = ".,;:!?"
_PICTURES = frozenset({"image/gif", "image/jpeg", "image/png"})


def read(raw: bytes, sender: str, recipients: list[str], at: datetime) -> Mail:
    """Read a mail as it came over SMTP; parts that cannot be decoded are shown as far as they can be."""
    # The classic policy: the modern one parses every header by its grammar, at eight times the cost.
    message = message_from_bytes(raw)
    headers = {name: _decoded(value) for name, value in message.items()}
    return Mail(
        id=new_id(),
        at=at,
        sender=sender,
        recipients=recipients,
        subject=_decoded(message.get("Subject", "")) or "(no subject)",
        text=_part(message, "text/plain") or "",
        html=_part(message, "text/html"),
        headers=headers,
        pictures=dict(_pictures(message)),
    )


def _decoded(value: object) -> str:
    """Return a header as people read it; one that is badly encoded stays as it came."""
    raw = " ".join(str(value).split())
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw


def _part(message: Message, kind: str) -> str | None:
    """Return the first readable part of a kind that is no attachment, or None when the mail has none."""
    for part in message.walk():
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            payload = part.get_payload(decode=True)
            return _text(payload, part.get_content_charset()) if isinstance(payload, bytes) else None
    return None


def _pictures(message: Message) -> Iterator[tuple[str, str]]:
    for part in message.walk():
        name, kind = str(part.get("Content-ID", "")).strip("<> "), part.get_content_type()
        payload = part.get_payload(decode=True)
        if name and kind in _PICTURES and isinstance(payload, bytes):
            yield name, f"data:{kind};base64,{b64encode(payload).decode()}"


def shown(mail: Mail) -> str:
    """Return the HTML with its pictures in it, as a mail program shows it."""
    source = mail.html or ""
    for name, picture in mail.pictures.items():
        source = source.replace(f"cid:{name}", picture)
    return source


def _text(payload: bytes, charset: str | None) -> str:
    try:
        return payload.decode(charset or "utf-8", "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


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
