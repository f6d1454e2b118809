"""Outgoing mail by Django's SMTP backend: plain text with an HTML part, in one language.

`connection()` keeps one SMTP connection for many messages; it opens at the first one.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.translation import gettext

PERMANENT: Final = range(500, 600)


class MailError(Exception):
    """A message was not accepted; the text says why and what to do, in the current language.

    `permanent`: this message to this address will never be accepted, so trying again is no use.
    """

    def __init__(self, explanation: str, *, permanent: bool = False) -> None:
        super().__init__(explanation)
        self.explanation = explanation
        self.permanent = permanent


class Connection:
    """One SMTP connection, opened when the first message is sent and again after it broke."""

    def __init__(self) -> None:
        self._backend: Any = get_connection(fail_silently=False)

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message. Raises MailError."""
        try:
            self._backend.open()
            self._backend.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused_recipient(error) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise _failed(error) from error
        except ValueError as error:
            # Django refuses line breaks in headers
            raise MailError(gettext("The message cannot be written: %s") % error, permanent=True) from error

    def close(self) -> None:
        """Close the connection; a broken one is simply dropped."""
        try:
            self._backend.close()
        except (smtplib.SMTPException, OSError):
            self._backend.connection = None


@contextmanager
def connection() -> Iterator[Connection]:
    """Keep one connection for many messages: `send(…, connection=c)`."""
    kept = Connection()
    try:
        yield kept
    finally:
        kept.close()


def send(
    to: str,
    subject: str,
    text: str,
    html: str | None = None,
    *,
    language: str = "en",
    connection: Connection | None = None,
) -> None:
    """Send one message to one address. Raises MailError.

    The texts are in `language` already; it is named in the header Content-Language.
    """
    message = EmailMultiAlternatives(subject, text, to=[to], headers={"Content-Language": language})
    if html is not None:
        message.attach_alternative(html, "text/html")
    one = connection or Connection()
    try:
        one.send(message)
    finally:
        if connection is None:
            one.close()


def _refused_recipient(error: smtplib.SMTPRecipientsRefused) -> MailError:
    address, (code, reason) = next(iter(error.recipients.items()))
    return MailError(
        gettext("The mail server refuses the address %(address)s: %(code)s %(reason)s. Check the address.")
        % {"address": address, "code": code, "reason": _text(reason)},
        permanent=code in PERMANENT,
    )


def _failed(error: Exception) -> MailError:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        what = gettext("The mail server does not accept the user name and password of VEDETTE_SMTP_URL.")
    elif isinstance(error, smtplib.SMTPSenderRefused):
        what = gettext("The mail server refuses the sender's address. Check VEDETTE_MAIL_FROM.")
    elif isinstance(error, smtplib.SMTPResponseException):
        what = gettext("The mail server refuses the message.")
    else:
        what = gettext("The mail server cannot be reached. Check VEDETTE_SMTP_URL and the network.")
    if isinstance(error, smtplib.SMTPResponseException):
        what = f"{what} ({error.smtp_code} {_text(error.smtp_error)})"
        permanent = isinstance(error, smtplib.SMTPDataError) and error.smtp_code in PERMANENT
        return MailError(what, permanent=permanent)
    return MailError(f"{what} ({error})")


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
