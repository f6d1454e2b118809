"""Where an agent signs its person in: public, since the application's ID and Microsoft's addresses are no secrets."""

import asyncio
from urllib.parse import parse_qs

from django.db import close_old_connections
from django.utils import translation
from django.utils.translation import gettext

from vedette.api.device.answers import Answer, ProblemError, good
from vedette.tenants import phone_sign_in
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.phone_sign_in import Place, UnknownOrganisationError
from vedette_facts import protocol

MOST_LETTERS = 320


async def answer(query: bytes, language: str) -> Answer:
    """Answer `GET /device/v1/sign-in?organisation=…` (tenant ID, domain or address; none: any). Raises ProblemError."""
    named = parse_qs(query.decode("latin-1")).get("organisation", [""])[0][:MOST_LETTERS]
    found = await asyncio.to_thread(_place, named, language)
    return good(
        200,
        protocol.SignInPlace(
            authorization_endpoint=found.authorization_endpoint,
            token_endpoint=found.token_endpoint,
            client_id=found.client_id,
            scope=phone_sign_in.SCOPE,
        ),
    )


def _place(named: str, language: str) -> Place:
    close_old_connections()
    try:
        return phone_sign_in.place(named)
    except UnknownOrganisationError:
        raise ProblemError("unknown_organisation") from None
    except ProviderError:
        with translation.override(language):
            why = gettext("Microsoft's sign-in cannot be reached from the service.")
        raise ProblemError("unavailable", why, retry_after=30) from None
