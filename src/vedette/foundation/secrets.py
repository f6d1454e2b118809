"""Secrets at rest, and the one-time codes that people type.

Sealed with AES-256-GCM (NIST SP 800-38D) under a key derived by HKDF-SHA256 (RFC 5869) from the
service's secret key. The context (for example ``"tenant:<id>:smtp"``) is authenticated with it: a
sealed value copied to another row does not open.
"""

import base64
import hashlib
import os
import secrets
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Crockford's base 32 (no I, L, O, U) without 0 and 1, which people still take for the letters.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP: Final = 4

_PREFIX: Final = "v1."
_NONCE_BYTES: Final = 12


class SealError(Exception):
    """A sealed value does not open: changed, moved to another context, or sealed under another secret key."""


def seal(plain: str, *, context: str) -> str:
    """Encrypt `plain` for storage, bound to `context`. Each call gives another text."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(settings.SECRET_KEY)).encrypt(nonce, plain.encode(), context.encode())
    return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode("ascii")


def open_sealed(sealed: str, *, context: str) -> str:
    """Decrypt what `seal` gave for the same `context`. Raises SealError."""
    if not sealed.startswith(_PREFIX):
        raise _unopened()
    try:
        raw = base64.urlsafe_b64decode(sealed.removeprefix(_PREFIX))
        nonce, body = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        return AESGCM(_key(settings.SECRET_KEY)).decrypt(nonce, body, context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise _unopened() from error


def _unopened() -> SealError:
    return SealError(
        "A stored secret cannot be opened: the service's secret key has changed or the value was moved."
        " Restore the old key, or enter the secret again."
    )


def one_time_code(groups: int = 3) -> str:
    """Return a random code for people to type, like ``7KQF-9XPM-2WTD``: about 19.6 bits a group."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(groups))


def normalise_code(code: str) -> str:
    """Return `code` as it was made, however it was typed: case, spaces and hyphens do not count."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def hash_code(code: str) -> bytes:
    """Return the SHA-256 of the normalised code: only this is stored (design.md 2, rule 6)."""
    return hashlib.sha256(normalise_code(code).encode()).digest()


@lru_cache(maxsize=4)
def _key(secret_key: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"vedette sealed secrets v1").derive(secret_key.encode())
