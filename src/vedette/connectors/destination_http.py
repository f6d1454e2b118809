"""Destinations that speak HTTP: one guarded call, and what its answer means for the events that were sent."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from vedette.connectors.destination_kinds import Refusal, Trouble
from vedette.foundation import clock, config, http
from vedette.foundation.http import RefusedAddressError

TIMEOUT: Final = 10.0
TOTAL: Final = 20.0
MOST_ANSWER: Final = 4 * 1024 * 1024
SHOWN: Final = 300
"""Characters of an answer that are shown to people."""
_CODES: Final[Mapping[int, str]] = {
    401: "unauthorized",
    402: "forbidden",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
    407: "unauthorized",
    408: "no_answer",
    410: "gone",
    425: "too_many",
    429: "too_many",
    503: "too_many",
}
_NUMBER: Final = re.compile(r"^\[Errno -?\d+\] ")
_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
RETRY_SECONDS_MOST: Final = 86400.0


@dataclass(frozen=True)
class Answer:
    """What the other side answered."""

    status: int
    body: str
    retry_after: float | None
    json: Any = None

    @property
    def is_good(self) -> bool:
        """Whether it took what was sent."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of answers that say yes (RFC 9110 15.3)

    @property
    def said(self) -> str:
        """Return it in a line, for people."""
        text = " ".join(self.body.split())
        short = f"{text[:SHOWN]}…" if len(text) > SHOWN else text
        return f"HTTP {self.status}" + (f": {short}" if short else "")


def client(authorities: str = "") -> httpx.Client:
    """Return the guarded client; `authorities` are PEM certificates trusted beside the usual ones.

    Raises ssl.SSLError when they cannot be read.
    """
    tls = http.trust(config.current().ca_file, authorities)
    return http.client(timeout=TIMEOUT, total=TOTAL, max_bytes=MOST_ANSWER, tls=tls)


def post(caller: httpx.Client, url: str, *, content: bytes, headers: Mapping[str, str]) -> Answer | Trouble:
    """Send a body; an answer of whatever status, or why there was none."""
    try:
        answer = caller.post(url, content=content, headers=dict(headers))
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
        return failed(error)
    return read(answer)


def read(answer: httpx.Response) -> Answer:
    """Take an answer down."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        found = None
    return Answer(answer.status_code, answer.text, _retry_after(answer.headers.get("Retry-After", "")), found)


def failed(error: Exception) -> Trouble:
    """Say why there was no answer."""
    text = words_of(error)
    if isinstance(error, RefusedAddressError):
        return Trouble("private_address", text)
    if _is_certificate(error, text):
        return Trouble("certificate", text)
    if isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.InvalidURL | httpx.UnsupportedProtocol
    ):
        return Trouble("unreachable", text)
    if isinstance(error, httpx.TimeoutException):
        return Trouble("no_answer", text)
    if isinstance(error, httpx.DecodingError | httpx.RemoteProtocolError) and "disconnected" not in text:
        return Trouble("unexpected_answer", text)
    return Trouble("broken_off", text)


def words_of(error: Exception) -> str:
    """Return what an exception says, without the system's number for it."""
    return _NUMBER.sub("", str(error)) or type(error).__name__


def verdict(answer: Answer) -> Trouble | Refusal | None:
    """Say what an answer's status means: None is yes, a Refusal is about what was sent, Trouble is about all."""
    if answer.is_good:
        return None
    status = answer.status
    if 300 <= status < 400:  # noqa: PLR2004 - redirections (RFC 9110 15.4): never followed, the address is the administrator's
        return Trouble("redirected", answer.said)
    if status in _CODES:
        return Trouble(_CODES[status], answer.said, answer.retry_after)
    if status == _LARGE:
        return Refusal("too_large", answer.said)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Trouble("server_error", answer.said, answer.retry_after, perhaps_event=True)
    return Refusal("rejected", answer.said)


def _is_certificate(error: Exception, text: str) -> bool:
    return isinstance(error, ssl.SSLError) or "certificate" in text.lower() or "hostname" in text.lower()


def _retry_after(value: str) -> float | None:
    """Read Retry-After: seconds or a date (RFC 9110 10.2.3); None for neither."""
    if value.strip().isdecimal():
        return min(float(value), RETRY_SECONDS_MOST)
    try:
        return max(0.0, (parsedate_to_datetime(value) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return None
