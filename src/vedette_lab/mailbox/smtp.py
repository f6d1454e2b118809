"""The lab's mail server: takes every mail for every address, on loopback, and keeps it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session

from vedette_lab.mailbox.letters import read
from vedette_lab.model import Cloud

MAX_BYTES = 10 << 20
KEPT_MAILS = 20_000


class Receiver:
    """Hooks of aiosmtpd: what happens with a mail."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - named by aiosmtpd
        """Keep the mail."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        recipients = [str(each) for each in envelope.rcpt_tos]
        mail = read(raw, str(envelope.mail_from or ""), recipients, self.cloud.now())
        self.cloud.mails.append(mail)
        del self.cloud.mails[:-KEPT_MAILS]
        return "250 Message accepted for delivery"


@asynccontextmanager
async def lifespan(cloud: Cloud) -> AsyncIterator[None]:
    """Listen on `cloud.smtp_port` of 127.0.0.1 (0: any free port, written back) while the lab runs."""
    loop = asyncio.get_running_loop()
    receive = partial(
        SMTP,
        Receiver(cloud),
        hostname="lab.invalid",
        ident="Vedette lab",
        data_size_limit=MAX_BYTES,
        enable_SMTPUTF8=True,
        loop=loop,
    )
    server = await loop.create_server(receive, "127.0.0.1", cloud.smtp_port)
    cloud.smtp_port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
