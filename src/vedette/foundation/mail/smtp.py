"""Mail by SMTP: the operator's server, or Exchange Online's with a token instead of a password (XOAUTH2).

Source of XOAUTH2: learn.microsoft.com, "Authenticate an IMAP, POP or SMTP connection using OAuth". The
application proves itself to Entra as it does for Graph; no password of the mailbox exists here.
"""

import smtplib
import ssl
from collections.abc import Callable
from email.utils import formataddr, parseaddr
from functools import cached_property
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext

from vedette.foundation import config, http, tokens
from vedette.foundation.graph_errors import TokenError
from vedette.foundation.mail.errors import MailError
from vedette.foundation.mail.sender import Sender

PERMANENT: Final = range(500, 600)
SMTP_AUTH_IS_OFF: Final = "5.7.139"
"""Exchange's enhanced status when SMTP AUTH is switched off for the mailbox or the organisation."""
AUTHENTICATED: Final = 235
TIMEOUT_SECONDS: Final = 10


class SmtpConnection:
    """One SMTP connection, opened when the first message is sent and again after it broke."""

    def __init__(self, sender: Sender) -> None:
        self._mailbox = sender.mailbox
        self._backend: Any = ExchangeBackend(sender) if self._mailbox else get_connection(fail_silently=False)

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send one message. Raises MailError."""
        if self._mailbox:
            # Exchange lets a mailbox write in its own name only
            message.from_email = formataddr((_shown_name(), self._mailbox))
        self._try(self._backend.open, lambda: self._backend.send_messages([message]))

    def look(self) -> str:
        """Connect and sign in. Raises MailError."""
        self._try(self._backend.open)
        sender = f" and opens {self._mailbox}" if self._mailbox else ""
        return f"{self._backend.host}:{self._backend.port} accepts mail{sender}"

    def _try(self, *steps: Callable[[], object]) -> None:
        try:
            for step in steps:
                step()
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused_recipient(error) from error
        except TokenError as error:
            self.close()
            raise MailError(f"{error.explanation} {error.next_step} ({error.name})") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise _failed(error, self._mailbox) from error
        except ValueError as error:
            # Django refuses line breaks in headers
            raise MailError(gettext("The message cannot be written: %s") % error, permanent=True) from error

    def close(self) -> None:
        """Close the connection; a broken one is simply dropped."""
        try:
            self._backend.close()
        except (smtplib.SMTPException, OSError):
            self._backend.connection = None


class ExchangeBackend(EmailBackend):
    """Django's connection to Exchange Online, signed in with an app-only token of the sender's tenant."""

    def __init__(self, sender: Sender) -> None:
        settings = config.current()
        server = settings.exchange_smtp
        super().__init__(
            host=server.host,
            port=server.port,
            username="",
            password="",
            use_tls=server.starttls,
            use_ssl=server.tls,
            timeout=TIMEOUT_SECONDS,
        )
        self._sender = sender
        self._scope = f"{settings.exchange_url}/.default"
        self._ca_file = settings.ca_file

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """Trust whom the rest of the service trusts."""
        return http.trust(self._ca_file)

    def open(self) -> bool | None:
        """Connect and sign in; True when a new connection was made. Raises TokenError and SMTPException."""
        opened = super().open()
        if opened:
            try:
                self._sign_in()
            except smtplib.SMTPAuthenticationError:
                # a token may have been revoked: one new one is worth a try, on the same connection
                self._sign_in(fresh=True)
        return opened

    def _sign_in(self, *, fresh: bool = False) -> None:
        token = tokens.app_token(
            self._sender.entra_tenant_id,
            self._scope,
            fresh=fresh,
            by_installation=self._sender.installations,
        )
        assert self.connection is not None
        self.connection.ehlo_or_helo_if_needed()
        code, words = self.connection.auth("XOAUTH2", _response(self._sender.mailbox, token))
        # smtplib takes 503, bad sequence of commands, for signed in already
        if code != AUTHENTICATED:
            raise smtplib.SMTPAuthenticationError(code, words)


def _response(mailbox: str, token: str) -> Callable[..., str]:
    """Return what smtplib asks for the answer: first the token, then nothing, so that a refusal is told."""

    def answer(challenge: bytes | None = None) -> str:
        return f"user={mailbox}\x01auth=Bearer {token}\x01\x01" if not challenge else ""

    return answer


def _shown_name() -> str:
    return parseaddr(config.current().mail_from)[0] or "Vedette"


def _refused_recipient(error: smtplib.SMTPRecipientsRefused) -> MailError:
    address, (code, reason) = next(iter(error.recipients.items()))
    return MailError(
        gettext("The mail server refuses the address %(address)s: %(code)s %(reason)s. Check the address.")
        % {"address": address, "code": code, "reason": _text(reason)},
        permanent=code in PERMANENT,
    )


def _failed(error: Exception, mailbox: str) -> MailError:
    what = _exchange_words(error, mailbox) if mailbox else _server_words(error)
    if isinstance(error, smtplib.SMTPResponseException):
        what = f"{what} ({error.smtp_code} {_text(error.smtp_error)})"
        permanent = isinstance(error, smtplib.SMTPDataError) and error.smtp_code in PERMANENT and not mailbox
        return MailError(what, permanent=permanent)
    return MailError(f"{what} ({error})")


def _server_words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return gettext("The mail server does not accept the user name and password of VEDETTE_SMTP_URL.")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return gettext("The mail server refuses the sender's address. Check VEDETTE_MAIL_FROM.")
    if isinstance(error, smtplib.SMTPResponseException):
        return gettext("The mail server refuses the message.")
    return gettext("The mail server cannot be reached. Check VEDETTE_SMTP_URL and the network.")


def _exchange_words(error: Exception, mailbox: str) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        if SMTP_AUTH_IS_OFF in _text(error.smtp_error):
            return gettext(
                "Exchange Online has SMTP AUTH switched off for %(mailbox)s. An Exchange administrator switches "
                "it on for this mailbox, or mail goes by Microsoft Graph instead."
            ) % {"mailbox": mailbox}
        return gettext(
            "Exchange Online does not open the mailbox %(mailbox)s to the application. Grant it SMTP.SendAsApp "
            "(Office 365 Exchange Online), register it with New-ServicePrincipal, give it the mailbox with "
            "Add-MailboxPermission, and check the address."
        ) % {"mailbox": mailbox}
    if isinstance(error, smtplib.SMTPResponseException):
        return gettext("Exchange Online refuses the message from %(mailbox)s.") % {"mailbox": mailbox}
    return gettext("Exchange Online cannot be reached. Check VEDETTE_EXCHANGE_SMTP_URL and the network.")


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
