"""The page that blocked names lead to: plain HTTP on the sinkhole's address, in English and French.

Over HTTPS nothing answers here: a page for somebody else's name would need a forged certificate. It knows neither who
asks nor why the name is blocked, keeps nothing, and ends each connection after one answer.
"""

import asyncio
import base64
import hashlib
import logging
import re
from functools import lru_cache
from html import escape
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)

MOST_HEAD: Final = 8192
HEAD_SECONDS: Final = 5.0
MOST_CONNECTIONS: Final = 500
_HOST: Final = re.compile(
    rb"^host:[ \t]*([A-Za-z0-9._-]{1,253})(?::\d{1,5})?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_LANGUAGE: Final = re.compile(rb"^accept-language:[ \t]*fr", re.IGNORECASE | re.MULTILINE)
_STYLE: Final = """
:root{color-scheme:light dark;--page:#f4f6fa;--card:#fff;--ink:#182433;--soft:#5c6b7f;--line:#dde3ec;--mark:#b3261e}
@media(prefers-color-scheme:dark){:root{--page:#0f1620;--card:#182433;--ink:#f0f4f9;--soft:#a9b6c8;--line:#2b3a4f;--mark:#ff8a80}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);
color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:34rem;margin:1rem;padding:2rem;background:var(--card);border:1px solid var(--line);
border-top:4px solid var(--mark);border-radius:8px}
h1{margin:0 0 .25rem;font-size:1.5rem;line-height:1.25}h2{margin:1.5rem 0 .25rem;font-size:1rem}
p,ul{margin:0}ul{padding-left:1.2rem}li{margin:.25rem 0}.name{
font:600 1.05rem ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere;color:var(--mark)}
.soft{color:var(--soft)}
""".strip()
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


class BlockPage:
    """Listens for browsers; `start` inside the running loop."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MOST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                async with asyncio.timeout(HEAD_SECONDS):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(answer(head))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            # whoever speaks something else, or nothing, gets nothing
            log.debug("No request for the block page")
        finally:
            self._open -= 1
            writer.close()


def answer(head: bytes) -> bytes:
    """Answer a request by its head."""
    method = head.partition(b" ")[0]
    if method not in {b"GET", b"HEAD", b"POST"}:
        return _response("405 Method Not Allowed", b"", "Allow: GET, HEAD\r\n")
    found = _HOST.search(head)
    host = found[1].decode("ascii").lower() if found else ""
    language = "fr" if _LANGUAGE.search(head) else "en"
    body = page(language).replace("\0", escape(host) or "?").encode()
    extra = f"Content-Type: text/html; charset=utf-8\r\nContent-Language: {language}\r\n"
    return _response("403 Forbidden", body, extra, with_body=method != b"HEAD")


def _response(status: str, body: bytes, extra: str, *, with_body: bool = True) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        f"Content-Security-Policy: {_POLICY}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        f"{extra}\r\n"
    )
    return head.encode() + (body if with_body else b"")


@lru_cache(maxsize=2)
def page(language: str) -> str:
    """Return the page with a NUL where the host's name belongs."""
    with translation.override(language):
        steps = (
            _("Go back. Do not open the link again, also not on another device."),
            _(
                "If you entered a password or a code on such a page, change it now and tell your administrator."
            ),
            _("If you need this page and believe that it is safe, tell your administrator its name."),
        )
        why = _(
            "Your organisation protects this phone. This name is known as dangerous, imitates another, or leads to"
            " content that your organisation does not allow."
        )
        kept = _("That this phone met this name. Names of other pages are not kept.")
        title = escape(_("This page is blocked"))
        # beside the page: xgettext does not look into f-strings
        heads = [escape(head) for head in (_("Why"), _("What to do"), _("What is kept"))]
        return (
            f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>\n'
            f'<body><main><h1>{title}</h1><p class="name">\0</p>\n'
            f"<h2>{heads[0]}</h2><p>{escape(why)}</p>\n"
            f"<h2>{heads[1]}</h2><ul>{''.join(f'<li>{escape(step)}</li>' for step in steps)}</ul>\n"
            f'<h2>{heads[2]}</h2><p class="soft">{escape(kept)}</p>\n'
            "</main></body></html>\n"
        )
