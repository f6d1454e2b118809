"""A message of the device protocol in its request: its language, its type, its bounds."""

from typing import Final

from vedette.api.device.answers import ProblemError
from vedette.api.http import Request, SlowError, TooLargeError
from vedette_facts.protocol import CONTENT_TYPE, MAX_BYTES

BODY_SECONDS: Final = 30.0


def language(request: Request) -> str:
    """Return `fr` or `en` by Accept-Language; English unless French is asked for first."""
    first = request.header(b"accept-language").split(",")[0].strip().lower()
    return "fr" if first.startswith("fr") else "en"


async def read_message(request: Request) -> bytes:
    """Read the message, at most 1 MiB and 30 seconds of it. Raises ProblemError or GoneError."""
    kind = request.header(b"content-type").split(";")[0].strip().lower()
    if kind != CONTENT_TYPE:
        raise ProblemError("unsupported_media_type")
    try:
        return await request.body(MAX_BYTES, BODY_SECONDS)
    except TooLargeError:
        raise ProblemError("too_large") from None
    except SlowError:
        raise ProblemError("malformed", "The message did not arrive within 30 seconds.") from None
