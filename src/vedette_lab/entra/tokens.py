"""Makes and reads the tokens of the lab's Entra. Token times are real time, never the lab's own clock."""

import hashlib
import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from secrets import token_urlsafe
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate

from vedette_lab.app_model import AppRegistration
from vedette_lab.directory import User
from vedette_lab.entra.keys import b64url, sign, unb64url
from vedette_lab.intune_model import Json
from vedette_lab.model import Cloud, IssuedToken, Tenant
from vedette_lab.permissions import GRAPH_APP, GRAPH_AUDIENCE, PERMISSIONS, RESOURCES
from vedette_lab.seed.roles import DEFAULT_USER

PUBLIC, SECRET, CERTIFICATE = "0", "1", "2"
"""Values of `azpacr`: how the application proved itself (microsoft.md 3.5)."""

ID_TOKEN_SECONDS: Final = 3600
UNREADABLE: Final = "CompactToken parsing failed with error code: 80049217"
KEPT_TOKENS: Final = 20_000
GRAPH_AUDIENCES: Final = frozenset({GRAPH_AUDIENCE, GRAPH_APP})


class InvalidTokenError(Exception):
    """A bearer token that opens nothing; the text says why, as Graph words it."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a valid access token says about its bearer."""

    id: str
    tenant_id: str
    app_id: str
    roles: frozenset[str]
    scopes: frozenset[str]
    user_id: str | None
    subject: str
    expires: datetime


def consented(tenant: Tenant, app: AppRegistration, now: datetime) -> tuple[str, ...]:
    """Return the application permissions that were granted and have spread by `now` (real time)."""
    consent = tenant.consents.get(app.client_id)
    return consent.permissions if consent and consent.effective <= now else ()


def issuer(cloud: Cloud, tenant: Tenant) -> str:
    """Return the issuer of a tenant's v2.0 tokens."""
    return f"{cloud.base_url}/{tenant.id}/v2.0"


def app_token(
    cloud: Cloud, tenant: Tenant, app: AppRegistration, audience: str, proof: str
) -> tuple[str, int]:
    """Return an app-only access token and its seconds; it has no `roles` before consent."""
    now = datetime.now(UTC)
    lifetime = cloud.switches.token_lifetime_seconds
    resource = RESOURCES.get(audience)
    roles = tuple(n for n in consented(tenant, app, now) if PERMISSIONS[n].resource == resource)
    principal = tenant.service_principal(app.client_id, cloud.now())
    claims = _common(cloud, tenant, audience, lifetime)
    claims |= {"azp": app.client_id, "azpacr": proof, "oid": principal.id, "sub": principal.id}
    claims["xms_ftd"] = token_urlsafe(24)
    if roles:
        claims["roles"] = list(roles)
    _remember(tenant, claims, app, "app", roles=roles)
    return _encode(cloud, claims), lifetime


def user_token(cloud: Cloud, tenant: Tenant, app: AppRegistration, user: User, scope: str) -> tuple[str, int]:
    """Return a delegated access token for Graph and its seconds."""
    lifetime = cloud.switches.token_lifetime_seconds
    claims = _common(cloud, tenant, GRAPH_AUDIENCE, lifetime)
    claims |= {
        "azp": app.client_id,
        "azpacr": PUBLIC,
        "oid": user.id,
        "sub": pairwise(user, app),
        "scp": scope,
    }
    _remember(tenant, claims, app, "resource", user_id=user.id)
    return _encode(cloud, claims), lifetime


def id_token(
    cloud: Cloud,
    tenant: Tenant,
    app: AppRegistration,
    user: User,
    *,
    scope: str,
    nonce: str | None,
    device_id: str | None = None,
) -> str:
    """Return the id_token of a sign-in (microsoft.md 3.3, 3.4)."""
    claims = _common(cloud, tenant, app.client_id, ID_TOKEN_SECONDS)
    claims |= {"oid": user.id, "sub": pairwise(user, app), "name": user.display_name}
    claims["preferred_username"] = user.user_principal_name
    if "email" in scope.split():
        claims["email"] = user.mail
    if nonce is not None:
        claims["nonce"] = nonce
    if device_id is not None:
        claims["deviceid"] = device_id
    claims |= _group_claims(cloud, tenant, app, user)
    _remember(tenant, claims, app, "id", user_id=user.id)
    return _encode(cloud, claims)


def pairwise(user: User, app: AppRegistration) -> str:
    """Return the subject that one application sees; another application sees another."""
    return b64url(hashlib.sha256(f"{user.id}/{app.client_id}".encode()).digest())


def _group_claims(cloud: Cloud, tenant: Tenant, app: AppRegistration, user: User) -> Json:
    """Return `wids` and `groups` as the manifest asks for; too many groups become an overage."""
    wanted = {part.strip() for part in app.group_claims.split(",")}
    claims: Json = {}
    if wanted & {"DirectoryRole", "All"} and not app.omit_wids:
        claims["wids"] = [*user.roles, DEFAULT_USER]
    groups = tenant.directory.transitive_member_of(user.id)
    if "All" in wanted:
        ids = [group.id for group in groups]
    elif "SecurityGroup" in wanted:
        ids = [group.id for group in groups if group.security_enabled]
    elif "ApplicationGroup" in wanted:
        assigned = tenant.service_principal(app.client_id, cloud.now()).assigned
        ids = [group.id for group in groups if group.id in assigned]
    else:
        return claims
    if len(ids) > cloud.switches.group_limit:
        endpoint = f"https://graph.windows.net/{tenant.id}/users/{user.id}/getMemberObjects"
        claims["_claim_names"] = {"groups": "src1"}
        claims["_claim_sources"] = {"src1": {"endpoint": endpoint}}
    elif ids:
        claims["groups"] = ids
    return claims


def _common(cloud: Cloud, tenant: Tenant, audience: str, lifetime: int) -> Json:
    now = int(datetime.now(UTC).timestamp())
    return {
        "aud": audience,
        "iss": issuer(cloud, tenant),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "aio": token_urlsafe(30),
        "rh": f"1.{token_urlsafe(30)}",
        "tid": tenant.id,
        "uti": token_urlsafe(16),
        "ver": "2.0",
    }


def _remember(tenant: Tenant, claims: Json, app: AppRegistration, kind: Any, **more: Any) -> None:
    at, end = (datetime.fromtimestamp(claims[key], UTC) for key in ("iat", "exp"))
    while len(tenant.tokens) >= KEPT_TOKENS:
        del tenant.tokens[next(iter(tenant.tokens))]
    tenant.tokens[claims["uti"]] = IssuedToken(claims["uti"], kind, app.client_id, at, end, **more)


def _encode(cloud: Cloud, claims: Json) -> str:
    key = cloud.signing_keys[0]
    header = {"typ": "JWT", "alg": "RS256", "kid": key.kid}
    parts = [b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
    signing_input = ".".join(parts)
    return f"{signing_input}.{b64url(sign(key, signing_input.encode()))}"


def read_bearer(cloud: Cloud, token: str, audiences: AbstractSet[str] = GRAPH_AUDIENCES) -> Bearer:
    """Check signature, audience, times and revocation of an access token. InvalidTokenError says why not."""
    claims = _verified(cloud, token)
    if claims.get("aud") not in audiences:
        raise InvalidTokenError("Access token validation failure. Invalid audience.")
    now = datetime.now(UTC)
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    if now >= expires:
        raise InvalidTokenError("Lifetime validation failed, the token is expired.")
    tenant = cloud.tenants.get(claims["tid"])
    issued = tenant.tokens.get(claims["uti"]) if tenant else None
    if issued is not None and not issued.alive(now):
        raise InvalidTokenError("Continuous access evaluation resulted in challenge: the token was revoked.")
    return Bearer(
        id=claims["uti"],
        tenant_id=claims["tid"],
        app_id=claims["azp"],
        roles=frozenset(claims.get("roles", ())),
        scopes=frozenset(claims.get("scp", "").split()),
        user_id=claims["oid"] if "scp" in claims else None,
        subject=claims["sub"],
        expires=expires,
    )


def _verified(cloud: Cloud, token: str) -> Json:
    token_key, claims, signed, signature = _parts(token)
    key = next((key for key in cloud.signing_keys if key.kid == token_key), None)
    if key is None:
        raise InvalidTokenError("Access token validation failure. Invalid signing key.")
    if not _is_signed(key.certificate, signed, signature):
        raise InvalidTokenError("Access token validation failure. Invalid signature.")
    return claims


@lru_cache(maxsize=1024)
def _parts(token: str) -> tuple[str | None, Json, bytes, bytes]:
    """Return the name of the key, the claims (to be read only), what is signed and the signature."""
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(unb64url(head)), json.loads(unb64url(body))
        raw_signature = unb64url(signature)
    except ValueError:
        raise InvalidTokenError(UNREADABLE) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidTokenError(UNREADABLE)
    kid = header.get("kid") if header.get("alg") == "RS256" else None
    return kid, claims, f"{head}.{body}".encode(), raw_signature


@lru_cache(maxsize=1024)
def _is_signed(certificate: bytes, signed: bytes, signature: bytes) -> bool:
    """Tell whether a certificate's key made a signature; a token comes many times."""
    public = load_der_x509_certificate(certificate).public_key()
    assert isinstance(public, RSAPublicKey)
    try:
        public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def revoke_user(tenant: Tenant, user: User, now: datetime, *, at_once: bool = False) -> int:
    """End a person's sessions, as `revokeSignInSessions` does; returns how many tokens that hits.

    Refresh tokens hold no longer. An access token of an application lives on until it expires, unless the application
    evaluates access all the time (`at_once`), as Graph does.
    """
    user.sessions_valid_from = now
    hit = [token for token in tenant.tokens.values() if token.user_id == user.id and not token.revoked]
    for token in hit:
        if not token.refreshable or at_once:
            token.revoked = now
        token.refreshable = False
    return len(hit)
