"""The profile at a phone's own address, so that it can be installed from a link or a QR code."""

from typing import Final
from uuid import UUID

from vedette.api.dns.phones import Known
from vedette.api.http import Answer
from vedette.api.threads import Threads
from vedette.devices import resolver, resolver_profile
from vedette.foundation import database
from vedette.tenants.models import Tenant

_TEXT: Final = "text/plain; charset=utf-8"


class Profiles:
    """Answers GET of `/dns/TOKEN/profile.mobileconfig?way=doh|dot`."""

    def __init__(self) -> None:
        self._threads = Threads(1, "dns-profiles")

    async def stop(self) -> None:
        """Let the database connection go."""
        await self._threads.stop()

    async def answer(self, known: Known, token: str, way: str, language: str) -> Answer:
        """Return the profile as a download."""
        return await self._threads.run(_answer, known.tenant_id, known.device_id, token, way, language)


def _answer(tenant_id: UUID, device_id: UUID, token: str, way: str, language: str) -> Answer:
    with database.tenant(tenant_id):
        address = resolver.addressed(token)
        organisation = Tenant.objects.values_list("name", flat=True).get(pk=tenant_id)
    try:
        body = resolver_profile.profile(
            address,
            "dot" if way == "dot" else "doh",
            organisation=organisation,
            device=str(device_id),
            language=language.strip().lower(),
        )
    except ValueError:
        return Answer(404, b"DNS over TLS is not set up here. Take the profile without way=dot.\n", _TEXT)
    name = f'attachment; filename="{resolver_profile.FILE_NAME}"'
    return Answer(200, body, resolver_profile.CONTENT_TYPE, [(b"content-disposition", name.encode())])
