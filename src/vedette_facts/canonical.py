"""Canonical JSON (RFC 8785) of objects, arrays, strings, whole numbers, booleans and null.

Fractions are refused: RFC 8785's number format for them is the one part that languages get wrong, and no fact
needs it.
"""

import hashlib
import json
from typing import Any

import msgspec

_LARGEST = 2**53 - 1
_DEPTH = 32
_HARMLESS = frozenset({str, bool, type(None)})


class CanonicalError(ValueError):
    """A value without canonical form: a fraction, too large a number, a lone surrogate, a strange type."""


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON without spaces, members sorted by UTF-16 units (RFC 8785 section 3.2.3); CanonicalError."""
    try:
        if _has_plain_names(value, 0):
            # msgspec sorts by code points, which for ASCII names is the same order, and is forty times quicker
            return msgspec.json.encode(value, order="sorted")
        text = json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("A lone surrogate is not valid Unicode text") from error


def digest_of(canonical: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(canonical).hexdigest()


def _has_plain_names(value: Any, depth: int) -> bool:
    """Whether all members have ASCII names; CanonicalError for what has no canonical form."""
    if isinstance(value, dict):
        plain = _names(value).isascii()
        value = value.values()
    elif isinstance(value, (list, tuple)):
        plain = True
    else:
        return _check_scalar(value)
    if depth > _DEPTH:
        raise CanonicalError(f"Nested more than {_DEPTH} deep")
    for inner in value:
        if type(inner) not in _HARMLESS and not _has_plain_names(inner, depth + 1):
            plain = False
    return plain


def _names(value: dict[Any, Any]) -> str:
    try:
        return "".join(value)
    except TypeError:
        raise CanonicalError("A member name must be text") from None


def _check_scalar(value: Any) -> bool:
    if value is None or isinstance(value, (bool, str)):
        return True
    if not isinstance(value, int):
        raise CanonicalError(f"A value of type {type(value).__name__} has no canonical form in this protocol")
    if abs(value) > _LARGEST:
        raise CanonicalError(f"{value} is beyond the exact integers (2^53 - 1)")
    return True


def _sorted(value: Any) -> Any:
    """Sort the members of a value that has been checked."""
    if isinstance(value, (list, tuple)):
        return [_sorted(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=_utf16)}
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
