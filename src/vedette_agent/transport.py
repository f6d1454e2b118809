"""One exchange with the service: try, wait as asked, try again, and say plainly what came of it."""

import asyncio
import datetime as dt
import email.utils
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import msgspec

from vedette_facts.protocol import CONTENT_TYPE, ErrorAnswer

Answer = TypeVar("Answer")
_LONGEST_RETRY_AFTER = 24 * 3600.0
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Refused(Exception):  # noqa: N818 - named for what it tells the person
    """The service said no: `code` and texts are its own (docs/device-protocol.md, table of errors)."""

    def __init__(self, status: int, answer: ErrorAnswer) -> None:
        super().__init__(f"{answer.message} {answer.next_step}".strip())
        self.status = status
        self.code = answer.error
        self.answer = answer


class Offline(Exception):  # noqa: N818 - named for what it tells the person
    """The service could not be asked; what was to be sent stays queued. `retry_at` when it named a time."""

    def __init__(self, reason: str, retry_at: dt.datetime | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_at = retry_at


@dataclass(frozen=True)
class Patience:
    """How often and how long (in seconds) one exchange tries before it gives up as Offline."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 15.0


@dataclass(frozen=True)
class Transport:
    """Sends signed messages. Time, sleep and chance are parameters: tests and simulations own them."""

    http: httpx.AsyncClient
    patience: Patience = Patience()
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: random.Random = field(default_factory=random.SystemRandom)

    async def post(self, url: str, message: Callable[[], str]) -> httpx.Response:
        """Send what `message()` signs anew for each attempt; any answer below 500 but 429; Offline."""
        for attempt in range(1, self.patience.attempts + 1):
            response, reason = await self._attempt(url, message())
            if response is not None and response.status_code not in _AGAIN:
                return response
            asked = retry_after(response, self.now()) if response is not None else 0.0
            backoff = self.patience.first_wait * 2 ** (attempt - 1) * self.chance.uniform(0.8, 1.2)
            wait = max(asked, backoff)
            if attempt == self.patience.attempts or wait > self.patience.longest_wait:
                break
            await self.sleep(wait)
        raise Offline(reason, self.now() + dt.timedelta(seconds=asked) if asked else None)

    async def _attempt(self, url: str, token: str) -> tuple[httpx.Response | None, str]:
        try:
            response = await self.http.post(url, content=token, headers={"Content-Type": CONTENT_TYPE})
        except httpx.TimeoutException:
            return None, "The service did not answer in time."
        except httpx.TransportError as error:
            return None, _why(error)
        return response, f"The service answered {response.status_code} ({response.reason_phrase})."


def _why(error: httpx.TransportError) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return (
            "The service's certificate is not trusted by this device. If your organisation has its own "
            "certificate authority, name its file with --ca."
        )
    return f"The service could not be reached ({text or type(error).__name__})."


def retry_after(response: httpx.Response, now: dt.datetime) -> float:
    """Seconds of a Retry-After header (number or date, RFC 9110 section 10.2.3), 0 without a readable one."""
    text = str(response.headers.get("Retry-After", "")).strip()
    if text.isdecimal() and len(text) < 10:  # noqa: PLR2004 - 30 years are enough to be cut to a day
        return min(float(text), _LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max((moment - now).total_seconds(), 0.0), _LONGEST_RETRY_AFTER)


def read_answer(response: httpx.Response, shape: type[Answer]) -> Answer:
    """Answer 2xx as its shape; Refused for the service's own errors; Offline when somebody else answered.

    A captive portal or a wrong address answers too, often with 200 and a page: that is no refusal, and
    nothing that was queued may be dropped for it.
    """
    try:
        if response.is_success:
            return msgspec.json.decode(response.content, type=shape)
        raise Refused(response.status_code, msgspec.json.decode(response.content, type=ErrorAnswer))
    except msgspec.MsgspecError:
        raise Offline(
            f"The answer (HTTP {response.status_code}) did not come from a Vedette service. "
            "Check the address, and whether this network wants you to sign in first."
        ) from None
