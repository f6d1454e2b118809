"""Opaque cursors: where a page ended, bound to the filters it was read with.

A cursor is no secret and no permission: what it points at is read behind the tenant's door as everything is.
"""

import base64
import binascii
import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from vedette.api.native.problems import Problem

_FILTERS: Final = 12
_NOT_FILTERS: Final = frozenset({"cursor", "limit"})


def after(last: UUID | int, query: msgspec.Struct) -> str:
    """Return the cursor behind a row."""
    packed = msgspec.msgpack.encode((_digest(query), last))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_id(text: str, query: msgspec.Struct) -> UUID:
    """Return the ID that a page goes on behind. Raises Problem."""
    return UUID(_read(text, query, str))


def read_position(text: str, query: msgspec.Struct) -> int:
    """Return the position that a page goes on behind. Raises Problem."""
    return int(_read(text, query, int))


def _read(text: str, query: msgspec.Struct, kind: type[Any]) -> Any:
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        filters, last = msgspec.msgpack.decode(packed, type=tuple[str, kind])  # type: ignore[valid-type] # known at run time only
        if kind is str:
            UUID(last)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise Problem(
            "invalid_request", "The cursor is none of this service: take the one of the last page."
        ) from None
    if filters != _digest(query):
        raise Problem(
            "invalid_request",
            "The cursor belongs to other filters: go on with those that the first page had.",
        )
    return last


def _digest(query: msgspec.Struct) -> str:
    told = {name: value for name, value in msgspec.to_builtins(query).items() if name not in _NOT_FILTERS}
    return hashlib.sha256(msgspec.json.encode(sorted(told.items()))).hexdigest()[:_FILTERS]
