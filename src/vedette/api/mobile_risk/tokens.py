"""`POST /oauth2/token` and `/oauth/token`: an application key, or a refresh token, against an access token.

RFC 6749 sections 4.4 and 6, in the dialects of the clients that were read (reference/lookout.md 2.1): the key stands
behind `Bearer`, the grant in the body or in the address. Generic OAuth clients send the key as their client's secret:
in the body, or by HTTP Basic.
"""

import base64
import binascii
import time
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec

from vedette.api.application_keys import Caller, KeyRefusedError, KeyRing
from vedette.api.http import Answer, Request
from vedette.api.mobile_risk.answers import OAUTH, ProblemError, good
from vedette.tenants import access_tokens, application_keys
from vedette.tenants.access_tokens import Token

MOST_BYTES: Final = 16 * 1024
CLIENT: Final = "client_credentials"
REFRESH: Final = "refresh_token"
_FIELDS: Final = 50


class AccessToken(msgspec.Struct, omit_defaults=True):
    """controllers.OAuth2AccessTokenResponse; `expires_at` in milliseconds since 1970."""

    access_token: str
    token_type: str
    expires_in: int
    expires_at: int
    scope: str
    refresh_token: str = ""


class Tokens:
    """Handler of both token endpoints."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def answer(self, request: Request, *, legacy: bool) -> Answer:
        """Answer a token; the legacy endpoint gives a refresh token too. Raises ProblemError."""
        given = await _parameters(request)
        grant = given.get("grant_type", "")
        if grant not in {CLIENT, REFRESH}:
            raise ProblemError(
                400,
                f"The grant type must be {CLIENT} or {REFRESH}.",
                "unsupported_grant_type" if grant else "invalid_request",
            )
        try:
            caller = await self._caller(request, given, grant)
        except KeyRefusedError as refused:
            status = 400 if grant == REFRESH else 401
            raise ProblemError(status, refused.message, OAUTH[refused.code]) from None
        return good(_made(caller, _granted(caller, given.get("scope", "")), legacy=legacy))

    async def _caller(self, request: Request, given: Mapping[str, str], grant: str) -> Caller:
        if grant == REFRESH:
            try:
                return await self._keys.by_refresh(given.get("refresh_token", ""), request.address)
            except KeyRefusedError as refused:
                raise KeyRefusedError("revoked", refused.message) from None
        candidates = list(_credentials(request, given))
        if not candidates:
            raise KeyRefusedError("unknown", "Send the application key as “Authorization: Bearer …”.")
        shaped = [text for text in candidates if application_keys.looks_like_key(text)]
        return await self._keys.by_key((shaped or candidates)[0], request.address)


def _credentials(request: Request, given: Mapping[str, str]) -> Iterator[str]:
    if request.bearer:
        yield request.bearer
    if secret := given.get("client_secret"):
        yield secret
    scheme, _, text = request.header(b"authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            yield unquote_plus(base64.b64decode(text, validate=True).decode().partition(":")[2])
        except (binascii.Error, UnicodeDecodeError):
            return


async def _parameters(request: Request) -> dict[str, str]:
    body = (await request.body(MOST_BYTES)).decode("utf-8", "replace")
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    sent: dict[str, str] = {}
    if kind == "application/json":
        try:
            sent = msgspec.json.decode(body, type=dict[str, str])
        except msgspec.MsgspecError:
            raise ProblemError(400, "The body is no JSON object of texts.", "invalid_request") from None
    else:
        try:
            sent = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS))
        except ValueError:
            raise ProblemError(400, "The body has too many fields.", "invalid_request") from None
    return {**request.query, **sent}


def _granted(caller: Caller, wanted: str) -> list[str]:
    """Return the scopes of the token: those asked for that the key has.

    Names of scopes that this service does not know are the other service's: a client that asks for nothing else
    gets what its key may, and is told so (RFC 6749 section 3.3).
    """
    asked = {word for word in wanted.split() if word in set(application_keys.Scope)}
    if not asked:
        return sorted(caller.scopes)
    granted = asked & caller.scopes
    if not granted:
        raise ProblemError(400, "The key has none of the scopes asked for.", "invalid_scope")
    return sorted(granted)


def _made(caller: Caller, scopes: list[str], *, legacy: bool) -> AccessToken:
    expires_at = int(min(access_tokens.expiry("access"), caller.expires_at))
    given = (caller.tenant_id, caller.key_id, caller.generation, tuple(scopes))
    refresh = ""
    if legacy:
        until = int(min(access_tokens.expiry("refresh"), caller.expires_at))
        refresh = access_tokens.issue(Token(*given, until, "refresh"))
    return AccessToken(
        access_token=access_tokens.issue(Token(*given, expires_at)),
        token_type="Bearer",  # noqa: S106 - the kind of token, not a token
        expires_in=max(0, expires_at - int(time.time())),
        expires_at=expires_at * 1000,
        scope=" ".join(scopes),
        refresh_token=refresh,
    )
