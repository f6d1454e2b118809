"""Tokens of delta queries: opaque to clients, they carry the query's options and a place in the change log."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from vedette_lab.change_log import Kind
from vedette_lab.graph.errors import GraphError, bad_request

VALID: Final = timedelta(days=7)
"""Of directory objects (graph/delta-query-overview; microsoft.md 2.7)."""

_SECRET: Final = secrets.token_bytes(16)
_SIGNATURE: Final = 12


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Where a client is. With `skip` it is in the middle of a round, else a round has ended."""

    kind: Kind
    lineage: str
    issued: float
    generation: int
    """Tokens of an older generation were made to expire by the control API."""
    select: tuple[str, ...] | None
    ids: tuple[str, ...] | None
    start: int
    """Position in the log since which changes are told."""
    end: int
    """Position up to which this round tells, and where the next one begins."""
    skip: int | None = None
    reading: str = ""
    """Of a first round: the list of objects as it was when the round began."""


def encode(token: Token) -> str:
    """Return the text of a token."""
    raw = msgspec.msgpack.encode(token)
    return base64.urlsafe_b64encode(_signature(raw) + raw).rstrip(b"=").decode()


def decode(text: str) -> Token:
    """Read a token back. GraphError 400 for one that was never given out."""
    try:
        whole = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        signature, raw = whole[:_SIGNATURE], whole[_SIGNATURE:]
        if not hmac.compare_digest(signature, _signature(raw)):
            raise bad_request("Badly formed token.")
        return msgspec.msgpack.decode(raw, type=Token)
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise bad_request("Badly formed token.") from None


def _signature(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, key=_SECRET, digest_size=_SIGNATURE).digest()


Answer = Literal["gone", "syncStateNotFound", "resyncRequired"]
_STATUS: Final[dict[Answer, int]] = {"gone": 410, "syncStateNotFound": 404, "resyncRequired": 409}


def expired(answer: Answer, address: str) -> GraphError:
    """Return the refusal of a token that is too old: three forms that mean the same (microsoft.md 2.7)."""
    code = "resyncRequired" if answer == "gone" else answer
    headers = (
        {"Location": f"{address}?{urlencode({'$deltatoken': ''}, safe='$')}"} if answer == "gone" else {}
    )
    message = (
        "The sync state generation is not found; continuing is not possible. Start a new synchronization."
    )
    return GraphError(_STATUS[answer], code, message, headers=headers)


def too_old(token: Token, now: datetime) -> bool:
    """Tell whether a token's seven days are over by the lab's clock."""
    return now.timestamp() - token.issued > VALID.total_seconds()
