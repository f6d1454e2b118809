"""Canonical JSON (RFC 8785) of objects, arrays, strings, whole numbers, booleans and null.

Fractions are refused: RFC 8785's number format for them is the one part that languages get wrong, and no fact
needs it.
"""

import hashlib
import json
from typing import Any

_LARGEST = 2**53 - 1
_DEPTH = 32


class CanonicalError(ValueError):
    """A value without canonical form: a fraction, too large a number, a lone surrogate, a strange type."""


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON without spaces, members sorted by UTF-16 units (RFC 8785 section 3.2.3); CanonicalError."""
    text = json.dumps(_sorted(value, 0), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("A lone surrogate is not valid Unicode text") from error


def digest_of(canonical: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(canonical).hexdigest()


def _sorted(value: Any, depth: int) -> Any:
    if depth > _DEPTH:
        raise CanonicalError(f"Nested more than {_DEPTH} deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise CanonicalError(f"{value} is beyond the exact integers (2^53 - 1)")
        return value
    if isinstance(value, (list, tuple)):
        return [_sorted(inner, depth + 1) for inner in value]
    if isinstance(value, dict):
        return {key: _sorted(value[key], depth + 1) for key in sorted(value, key=_utf16)}
    raise CanonicalError(f"A value of type {type(value).__name__} has no canonical form in this protocol")


def _utf16(key: object) -> bytes:
    if not isinstance(key, str):
        raise CanonicalError(f"A member name must be text, not {type(key).__name__}")
    return key.encode("utf-16-be", "surrogatepass")
