"""Signatures of the Standard Webhooks specification 1.0 (standardwebhooks.com): three headers.

What is signed is `id.timestamp.body`, by HMAC-SHA256 under the bytes behind `whsec_`. While a secret is being replaced
both sign, parted by a space, so that a receiver may change over at any moment.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
BYTES: Final = 32
FEWEST, MOST = 24, 64
"""Bytes of a secret that the specification allows."""


class SecretError(ValueError):
    """The text is no secret of this specification."""


def new_secret() -> str:
    """Return a fresh secret as people copy it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode("ascii")


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret. Raises SecretError."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretError("what follows whsec_ must be base64") from error
    if not FEWEST <= len(key) <= MOST:
        raise SecretError(f"the secret must be {FEWEST} to {MOST} bytes long")
    return key


def headers(message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of a message that these keys sign: its ID and time without a key, for none can be checked."""
    told = {"webhook-id": message_id, "webhook-timestamp": str(timestamp)}
    if not keys:
        return told
    signed = f"{message_id}.{timestamp}.".encode() + body
    marks = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return told | {
        "webhook-signature": " ".join("v1," + base64.b64encode(mark).decode("ascii") for mark in marks)
    }
