"""Where an agent signs its person in: public, since the application's ID and Microsoft's addresses are no secrets."""

import math
from typing import Final
from urllib.parse import parse_qs

from django.utils import translation
from django.utils.translation import gettext

from vedette.api.device.answers import ProblemError, good
from vedette.api.http import Answer
from vedette.api.threads import Threads
from vedette.foundation.rates import Buckets, caller
from vedette.tenants import phone_sign_in
from vedette.tenants.openid.provider import ProviderError
from vedette.tenants.phone_sign_in import Place, UnknownOrganisationError
from vedette_facts import protocol

MOST_LETTERS: Final = 320
THREADS: Final = 2
# Anybody may ask, and each unknown domain is a call to Microsoft: more than this many at once are sent away.
MOST_AT_ONCE: Final = 32
# Of one address: a person asks once, when they sign in.
PER_SECOND: Final = 5
AT_ONCE: Final = 60


class SignIn:
    """Handler of `GET /device/v1/sign-in?organisation=…` (tenant ID, domain or address; none: any).

    Its threads are its own: asyncio's are needed by what says whether the service is ready.
    """

    def __init__(self) -> None:
        self._threads = Threads(THREADS, "sign-in")
        self._callers = Buckets(PER_SECOND, AT_ONCE)
        self._under_way = 0

    async def stop(self) -> None:
        """Wait for what is under way and let the database connections go."""
        await self._threads.stop()

    async def answer(self, query: bytes, address: str, language: str) -> Answer:
        """Answer one question from this IP address. Raises ProblemError."""
        wait = self._callers.take(caller(address))
        if wait or self._under_way >= MOST_AT_ONCE:
            raise ProblemError("busy", retry_after=math.ceil(wait) or 5)
        named = parse_qs(query.decode("latin-1")).get("organisation", [""])[0][:MOST_LETTERS]
        self._under_way += 1
        try:
            found = await self._threads.run(_place, named, language)
        finally:
            self._under_way -= 1
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
    try:
        return phone_sign_in.place(named)
    except UnknownOrganisationError:
        raise ProblemError("unknown_organisation") from None
    except ProviderError:
        with translation.override(language):
            why = gettext("Microsoft's sign-in cannot be reached from the service.")
        raise ProblemError("unavailable", why, retry_after=30) from None
