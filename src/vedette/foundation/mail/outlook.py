"""Mail by Microsoft Graph's `sendMail`, from one mailbox of an Entra tenant (permission Mail.Send).

Source: learn.microsoft.com/graph/api/user-sendmail. A message is never repeated here: Graph does not tell a
second sending from the first. What it asked to wait stands in the error, for whoever keeps the message.
"""

from base64 import b64encode
from collections.abc import Iterator
from email.message import Message
from http import HTTPStatus
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from vedette.foundation import config, registration
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.foundation.mail.errors import MailError
from vedette.foundation.mail.sender import Sender

ONCE: Final = Patience(1, seconds=30.0)
NO_MAILBOX: Final = frozenset({"ErrorInvalidUser", "MailboxNotEnabledForRESTAPI", "Request_ResourceNotFound"})


class GraphConnection:
    """Sends one message a call; nothing is kept open."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        used = registration.installation(config.current()) if sender.installations else None
        self._graph = Graph(sender.entra_tenant_id, patience=ONCE, trying=used)

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message. Raises MailError."""
        self._post({"message": as_json(message), "saveToSentItems": False})

    def look(self) -> str:
        """Ask with a message that says nothing: it is refused for that, once it may be sent. Raises MailError."""
        try:
            self._post({})
        except MailError as error:
            if not error.permanent:
                raise
        return f"Microsoft Graph sends mail from {self._sender.mailbox}"

    def _post(self, body: dict[str, Any]) -> None:
        path = f"/users/{self._sender.mailbox}/sendMail"
        try:
            try:
                self._graph.post(path, body)
            except GraphError as error:
                if error.status != HTTPStatus.FORBIDDEN:
                    raise
                # nothing was sent: a permission granted since is in a new token only
                self._graph.fresh_token()
                self._graph.post(path, body)
        except TokenError as error:
            raise MailError(f"{error.explanation} {error.next_step} ({error.name})") from error
        except GraphError as error:
            raise _failed(error, self._sender.mailbox) from error

    def close(self) -> None:
        """Nothing is open."""


def as_json(message: EmailMultiAlternatives) -> dict[str, Any]:
    """Return a message as Graph takes it: the HTML where there is one, with its pictures beside it.

    Exchange makes the plain text itself. Headers that do not begin with x- are not taken. Raises MailError.
    """
    if any("\n" in value or "\r" in value for value in (message.subject, *message.to)):
        raise MailError(
            gettext("The message cannot be written: %s") % "a line break in a header", permanent=True
        )
    html = next((_plain(part[0]) for part in message.alternatives if part[1] == "text/html"), None)
    return {
        "subject": _plain(message.subject),
        "body": {"contentType": "Text", "content": _plain(message.body)}
        if html is None
        else {"contentType": "HTML", "content": html},
        "toRecipients": [{"emailAddress": {"address": address}} for address in message.to],
        "attachments": list(_attachments(message)),
    }


def _plain(text: object) -> str:
    """Return the characters alone: what a template rendered is a kind of its own, which JSON does not know."""
    return str(text) + ""


def _attachments(message: EmailMultiAlternatives) -> Iterator[dict[str, Any]]:
    for part in message.attachments:
        assert isinstance(part, Message)  # the service attaches pictures as MIME parts only
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        yield {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": part.get_filename() or "attachment",
            "contentType": part.get_content_type(),
            "contentBytes": b64encode(content).decode(),
            "contentId": str(part.get("Content-ID", "")).strip("<>"),
            "isInline": part.get_content_disposition() == "inline",
        }


def _failed(error: GraphError, mailbox: str) -> MailError:
    words = {"mailbox": mailbox}
    if error.status == HTTPStatus.FORBIDDEN:
        what = gettext(
            "Microsoft Graph does not let the application send from %(mailbox)s. Grant it Mail.Send, and check "
            "that an application access policy of Exchange Online opens this mailbox to it."
        )
    elif error.status == HTTPStatus.NOT_FOUND or error.code in NO_MAILBOX:
        what = gettext("There is no mailbox %(mailbox)s in this tenant. Check the address and its licence.")
    elif error.status == HTTPStatus.BAD_REQUEST:
        what = gettext("Microsoft Graph refuses the message from %(mailbox)s. Check the recipient's address.")
    else:
        return MailError(
            f"{error.explanation} {error.next_step} ({error.code})", retry_after=error.retry_after
        )
    permanent = error.status == HTTPStatus.BAD_REQUEST
    return MailError(f"{what % words} ({error.code} {error.request_id})", permanent=permanent)
