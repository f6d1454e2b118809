"""Telling a destination, whatever goes wrong; what the other side says is made fit to be kept and shown.

A receiver may answer with anything: with the secret address that it was called by (many servers name it in their 404),
or with letters that no database takes. Neither may reach a row, a page or a mail, nor stop the settlement.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlsplit

from vedette.connectors.destination_events import Told
from vedette.connectors.destination_kinds import KINDS, Refusal, Sent, Trouble
from vedette.connectors.destination_models import Destination
from vedette.connectors.destination_secrets import target_of
from vedette.connectors.routes import Budget
from vedette.foundation.secrets import SealError

log = logging.getLogger(__name__)

HIDDEN: Final = "…"
SHORTEST: Final = 8
"""Letters of a secret that are told from ordinary words."""
LONGEST: Final = 2000


def send(row: Destination, events: Sequence[Told], budget: Budget) -> Sent:
    """Tell a destination of events, outside any transaction; never raises."""
    try:
        target = target_of(row)
    except SealError as error:
        return Sent(0, trouble=Trouble("sealed", str(error)))
    try:
        sent = KINDS[row.kind].send(target, events, budget)
    except Exception as error:
        log.exception("Destination %s of tenant %s failed", row.pk, row.tenant_id)
        # Likely the event itself: one that can never be written must not hold up the others for ever.
        text = f"{type(error).__name__}: {error}"
        sent = Sent(0, trouble=Trouble("internal_error", text, perhaps_event=True))
    return fit(sent, target.secrets)


def fit(sent: Sent, secrets: Mapping[str, str]) -> Sent:
    """Make what the other side said fit to be kept and shown."""
    hidden = sorted({part for value in secrets.values() for part in _parts(value)}, key=len, reverse=True)

    def clean(text: str) -> str:
        for part in hidden:
            text = _without(text, part)
        # PostgreSQL takes no NUL, UTF-8 no half of a pair (JSON can name one)
        kept = text.replace("\0", " ").encode("utf-8", "replace").decode()
        return kept[:LONGEST]

    return Sent(
        sent.done,
        {index: Refusal(why.code, clean(why.error)) for index, why in sent.refused.items()},
        replace(sent.trouble, error=clean(sent.trouble.error)) if sent.trouble else None,
        clean(sent.answer),
    )


def _parts(secret: str) -> Iterator[str]:
    """Give a secret in the forms in which it may come back: of an address its path too, of a header its last word."""
    found = [secret, secret.rpartition(" ")[2]]
    if secret.startswith(("http:", "https:")):
        address = urlsplit(secret)
        found += [address.path, unquote(address.path), address.query, f"{address.path}?{address.query}"]
        found += [address.password or ""]
    yield from (part for part in found if len(part) >= SHORTEST)


def _without(text: str, part: str) -> str:
    text = text.replace(part, HIDDEN)
    if text.endswith(HIDDEN):
        # an answer that was cut off in the middle of it
        for length in range(len(part) - 1, SHORTEST - 1, -1):
            if text.endswith(part[:length] + HIDDEN):
                return text[: -length - len(HIDDEN)] + HIDDEN
    return text
