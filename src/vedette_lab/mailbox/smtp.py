"""The lab's mail server: takes every mail for every address, on loopback, and keeps it.

Without a sign-in it is an organisation's own relay. After STARTTLS and AUTH XOAUTH2 it is Exchange Online: the
token must be for its audience, carry SMTP.SendAsApp, and the mailbox must be open to the application.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parseaddr
from functools import partial
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from vedette_lab import tls
from vedette_lab.mailbox.exchange import smtp_sender
from vedette_lab.mailbox.letters import read
from vedette_lab.model import Cloud

MAX_BYTES = 10 << 20
KEPT_MAILS = 20_000
LONGEST_LINE = 12_288
REFUSED = "535 5.7.3 Authentication unsuccessful"
NOT_THE_SENDER = "554 5.2.252 SendAsDenied; {mailbox} not allowed to send as {sender}"


class Server(SMTP):
    """aiosmtpd's server with lines as long as a token (RFC 4954, section 4: 12,288 octets)."""

    command_size_limit = LONGEST_LINE
    command_size_limits = defaultdict(lambda: LONGEST_LINE)
    line_length_limit = LONGEST_LINE


class Receiver:
    """Hooks of aiosmtpd: who may send, and what happens with a mail."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - named by aiosmtpd
        """Check a token of Entra's."""
        given = args[1] if len(args) > 1 else await server.challenge_auth("", encode_to_b64=True)
        text = given.decode() if isinstance(given, bytes) else str(given)
        mailbox = smtp_sender(self.cloud, text)
        if mailbox is None:
            await server.push(REFUSED)
            return AuthResult(success=False, handled=True)
        return AuthResult(success=True, auth_data=mailbox)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - named by aiosmtpd
        """Keep the mail."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        recipients = [str(each) for each in envelope.rcpt_tos]
        sender = str(envelope.mail_from or "")
        mail = read(raw, sender, recipients, self.cloud.now())
        mailbox = session.auth_data if session.authenticated else None
        shown = parseaddr(mail.headers.get("From", ""))[1]
        for claimed in (sender, shown):
            if mailbox is not None and claimed.lower() != mailbox:
                return NOT_THE_SENDER.format(mailbox=mailbox, sender=claimed)
        self.cloud.mails.append(mail)
        del self.cloud.mails[:-KEPT_MAILS]
        return "250 Message accepted for delivery"


def _context(home: Path) -> ssl.SSLContext:
    files = tls.ensure(home)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    return context


@asynccontextmanager
async def lifespan(cloud: Cloud) -> AsyncIterator[None]:
    """Listen on `cloud.smtp_port` of 127.0.0.1 (0: any free port, written back) while the lab runs."""
    loop = asyncio.get_running_loop()
    receive = partial(
        Server,
        Receiver(cloud),
        hostname="lab.invalid",
        ident="Vedette lab",
        data_size_limit=MAX_BYTES,
        enable_SMTPUTF8=True,
        tls_context=_context(cloud.home),
        # a password or a token in the clear is nothing that Exchange takes
        auth_require_tls=True,
        auth_exclude_mechanism=["LOGIN", "PLAIN"],
        loop=loop,
    )
    server = await loop.create_server(receive, "127.0.0.1", cloud.smtp_port)
    cloud.smtp_port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
