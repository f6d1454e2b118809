"""Access and refresh tokens of application keys: signed, short-lived, and measured against their key at each use.

A token is a JWT (RFC 7519, HS256) under a key derived from the service's secret key, so every process can read
it and nothing is stored. It names the key and the generation of its tokens: revoking the key or counting its
generation up makes the token worthless at once, whatever its time. Real time, never the domain's clock.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ACCESS_SECONDS: Final = 7200
REFRESH_SECONDS: Final = 30 * 24 * 3600

Use = Literal["access", "refresh"]

_ALGORITHM: Final = "HS256"


class TokenError(Exception):
    """A token is not one of ours, or not for this use."""


class ExpiredError(TokenError):
    """A token of ours whose time is over."""


@dataclass(frozen=True)
class Token:
    """What a token says: whose it is, for what, until when (seconds since 1970)."""

    tenant_id: UUID
    key_id: UUID
    generation: int
    scopes: tuple[str, ...]
    expires_at: int
    use: Use = "access"


def issue(token: Token) -> str:
    """Sign a token."""
    claims = {
        "tid": str(token.tenant_id),
        "sub": str(token.key_id),
        "gen": token.generation,
        "scope": " ".join(token.scopes),
        "use": token.use,
        "exp": token.expires_at,
    }
    return jwt.encode({"alg": _ALGORITHM, "typ": "JWT"}, claims, _key(settings.SECRET_KEY))


def expiry(use: Use) -> int:
    """Return until when a token of this use lives that is made now."""
    return int(time.time()) + (ACCESS_SECONDS if use == "access" else REFRESH_SECONDS)


def read(text: str, use: Use = "access") -> Token:
    """Return what a genuine token says. Raises ExpiredError, or TokenError for anything that is not ours."""
    try:
        claims = jwt.decode(text, _key(settings.SECRET_KEY), algorithms=[_ALGORITHM]).claims
        token = _token(claims)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TokenError("This is no token of this service.") from error
    if token.use != use:
        raise TokenError(f"This is no {use} token.")
    if token.expires_at <= time.time():
        raise ExpiredError("The token has expired.")
    return token


def _token(claims: dict[str, Any]) -> Token:
    scopes: Sequence[str] = claims["scope"].split()
    return Token(
        UUID(claims["tid"]), UUID(claims["sub"]), int(claims["gen"]), tuple(scopes), int(claims["exp"]), claims["use"]
    )  # fmt: skip


@lru_cache(maxsize=4)
def _key(secret_key: str) -> OctKey:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"vedette access tokens v1").derive(
        secret_key.encode()
    )
    return OctKey.import_key(derived)
