"""A person signs in on their phone: where, as which application, and what the token must show (D2).

The agent is a public client: nobody can keep a secret in an app. The id_token's nonce is the RFC 7638 thumbprint of
the key that the phone made, so a token is of no use to another key: neither one of the console's sign-ins nor one
that was read on the way. It proves the person; which phone it is only where Entra adds the claim `deviceid`.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import msgspec

from vedette.tenants import entrance, people, registrations
from vedette.tenants.models import Tenant
from vedette.tenants.openid import tokens
from vedette.tenants.openid.provider import provider
from vedette.tenants.openid.tokens import Expected, TokenRefusedError

SCOPE: Final = "openid profile"


class UnknownOrganisationError(Exception):
    """Nobody here belongs to that tenant, or it is not connected."""


@dataclass(frozen=True)
class Place:
    """Where an agent sends its person, and where it redeems the code."""

    authorization_endpoint: str
    token_endpoint: str
    client_id: str


@dataclass(frozen=True)
class SignedIn:
    """Whom a token names, of which account; `entra_device_id` where Entra says from which phone."""

    tenant_id: UUID
    oid: UUID
    upn: str
    entra_device_id: UUID | None


def place(organisation: str) -> Place:
    """Return where people of an organisation (tenant ID, domain, address; empty: any) sign in.

    Raises UnknownOrganisationError and ProviderError.
    """
    found = entrance.find(organisation) if organisation else None
    if organisation and found is None:
        raise UnknownOrganisationError
    way = entrance.of(str(found.entra_tenant_id) if found else "")
    if not way.used.client_id:
        raise UnknownOrganisationError
    metadata = way.provider.metadata()
    return Place(metadata.authorization_endpoint, metadata.token_endpoint, way.used.client_id)


def believe(id_token: str, key_id: str) -> SignedIn:
    """Return whom a token names if it was made for this phone's key.

    Raises TokenRefusedError, UnknownOrganisationError and ProviderError.
    """
    tenant = people.find_tenant(_said_tenant(id_token))
    if tenant is None or tenant.status != Tenant.Status.CONSENTED:
        raise UnknownOrganisationError
    used = registrations.of(tenant)
    authority = provider(str(tenant.entra_tenant_id), used.login_url)
    person = tokens.validate(
        id_token,
        key_of=authority.key,
        expected=Expected(client_id=used.client_id, nonce=key_id, issuer=authority.metadata().issuer),
        now=time.time(),
    )
    return SignedIn(tenant.id, person.oid, person.upn, person.device_id)


def _said_tenant(id_token: str) -> UUID:
    """Read which tenant the token says it is of; nothing is believed yet. Raises TokenRefusedError."""
    try:
        body = id_token.split(".")[1]
        claims: Any = msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return UUID(str(claims["tid"]))
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise TokenRefusedError("malformed", "The token cannot be read.") from error
