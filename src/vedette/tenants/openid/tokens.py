"""What an id_token must show before anybody is believed (reference/microsoft.md 3.3).

Pure: the key comes from the caller, the time too. Tokens are checked against real time, never the domain's
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

ALGORITHM: Final = "RS256"
SKEW_SECONDS: Final = 300
CONSUMERS: Final = UUID("9188040d-6c67-4c5b-b112-36a304b66dad")
"""Entra's tenant of personal Microsoft accounts."""
TENANT_PLACE: Final = "{tenantid}"
"""Stands for the tenant in the issuer of the metadata of `organizations` and in keys."""

Key = Mapping[str, Any]
KeyOf = Callable[[str], Key | None]


class TokenRefusedError(Exception):
    """The id_token proves nothing. `code` names the check that failed; the text is for the log and for people."""

    def __init__(self, code: str, detail: str) -> None:
        """Keep the code beside the text."""
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What this sign-in was begun with. `issuer` is the metadata's: exact, or with `{tenantid}` in it."""

    client_id: str
    nonce: str
    issuer: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who signed in: the key is `tid` + `oid`; the names are only to be shown, since they can be reassigned."""

    tid: UUID
    oid: UUID
    upn: str
    name: str
    email: str
    wids: frozenset[str] | None
    """Role template IDs of the person's directory roles; None when the token carries no such claim."""
    device_id: UUID | None = None
    """Entra's device ID of the registered device that the sign-in came from, where the token says it."""


def validate(token: str, *, key_of: KeyOf, expected: Expected, now: float) -> Person:
    """Check signature and claims and return the person.

    `key_of` gives the signing key (a JWK) of a `kid`, or None. Raises TokenRefusedError.
    """
    key = _signing_key(token, key_of)
    claims = _verified(token, key)
    _check_claims(claims, expected, now)
    tid = _uuid(claims, "tid")
    if tid == CONSUMERS:
        raise TokenRefusedError("consumer", "A personal Microsoft account cannot sign in here.")
    _check_issuer(claims, tid, expected.issuer, key)
    return _person(claims, tid)


def _signing_key(token: str, key_of: KeyOf) -> Key:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise TokenRefusedError("malformed", "The token cannot be read.") from error
    if header.get("alg") != ALGORITHM:
        raise TokenRefusedError("algorithm", f"The token is signed with {header.get('alg')!r}, not RS256.")
    kid = header.get("kid")
    key = key_of(kid) if isinstance(kid, str) else None
    if key is None:
        raise TokenRefusedError("unknown_key", f"Entra does not publish a signing key named {kid!r}.")
    return key


def _verified(token: str, key: Key) -> dict[str, Any]:
    try:
        public = RSAKey.import_key({name: str(key[name]) for name in ("kty", "n", "e")})
        return jwt.decode(token, public, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, KeyError) as error:
        raise TokenRefusedError("signature", "The token's signature is not that of its key.") from error


def _check_claims(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    if claims.get("aud") != expected.client_id:
        raise TokenRefusedError("audience", "The token was made for another application.")
    if claims.get("nonce") != expected.nonce:
        raise TokenRefusedError("nonce", "The token answers another sign-in.")
    if claims.get("ver") != "2.0":
        raise TokenRefusedError("version", "The token is not of version 2.0.")
    if _seconds(claims, "exp") < now - SKEW_SECONDS:
        raise TokenRefusedError("expired", "The token has expired; this server's clock may be wrong.")
    for name in ("iat", "nbf"):
        if _seconds(claims, name) > now + SKEW_SECONDS:
            raise TokenRefusedError("future", "The token is not valid yet; this server's clock may be wrong.")


def _check_issuer(claims: Mapping[str, Any], tid: UUID, issuer: str, key: Key) -> None:
    said = claims.get("iss")
    if said != issuer.replace(TENANT_PLACE, str(tid)):
        raise TokenRefusedError("issuer", f"The token was issued by {said!r}, not for its tenant.")
    # An authority of one tenant speaks for that tenant only, whatever `tid` its token claims.
    if str(tid) not in urlsplit(str(said)).path.split("/"):
        raise TokenRefusedError("issuer", f"The token was issued by {said!r}, which is not tenant {tid}.")
    key_issuer = key.get("issuer")
    # Under the metadata of `organizations` one key set serves every tenant: there each key says for whom.
    if key_issuer is None and TENANT_PLACE not in issuer:
        return
    if said != str(key_issuer).replace(TENANT_PLACE, str(tid)):
        raise TokenRefusedError("key_issuer", "The token's key belongs to another issuer.")


def _person(claims: Mapping[str, Any], tid: UUID) -> Person:
    upn = str(claims.get("preferred_username") or claims.get("upn") or "")
    wids = claims.get("wids")
    return Person(
        tid=tid,
        oid=_uuid(claims, "oid"),
        upn=upn,
        name=str(claims.get("name") or upn),
        email=str(claims.get("email") or ""),
        wids=frozenset(str(role).lower() for role in wids) if isinstance(wids, list) else None,
        device_id=_uuid(claims, "deviceid") if "deviceid" in claims else None,
    )


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError("malformed", f"The token lacks {name}.")
    return float(value)


def _uuid(claims: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(str(claims.get(name)))
    except ValueError as error:
        raise TokenRefusedError("malformed", f"The token lacks {name}.") from error
