"""Web protection from the phone's side: links looked up without telling which, texts and codes, the resolver."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from vedette_agent.client import NotEnrolled
from vedette_agent.identity import Identity
from vedette_agent.store import Store
from vedette_agent.transport import Transport, read_answer
from vedette_facts import jose
from vedette_facts import web_protocol as p

Answer = TypeVar("Answer", bound=msgspec.Struct)
Message = Callable[[], msgspec.Struct]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a check. `asked`: prefixes that left the phone; `told`: whether the link itself did."""

    answer: p.CheckAnswer
    asked: list[str] = []
    told: bool = False


class WebClient:
    """Asks about the web as an enrolled phone. Raises NotEnrolled, Refused and Offline."""

    def __init__(self, store: Store, transport: Transport) -> None:
        self._store = store
        self._transport = transport

    async def look_at(self, way: str, content: str) -> Checked:
        """Check a link without telling it, or have a text or the content of a QR code judged."""
        if way == "link":
            return await self.check_link(content)
        return Checked(answer=await self.check("qr" if way == "qr" else "text", content), told=True)

    async def check_link(self, link: str) -> Checked:
        """Look a link up by the beginnings of its hashes; only one that is listed is sent. ValueError for no link."""
        hashes = {p.hash_of(expression) for expression in p.expressions(link)}
        prefixes = sorted({each[: p.PREFIX_DIGITS] for each in hashes})
        identity = self._identity()
        listed = await self._ask(
            p.LISTED_PATH,
            p.LISTED_TYP,
            lambda: p.ListedRequest(**self._said(identity), prefixes=prefixes),
            p.ListedAnswer,
        )
        if hashes.isdisjoint(found for prefix in prefixes for found in listed.hashes.get(prefix, ())):
            clean = p.CheckedLink(address=link, outcome="clean", stopped=False)
            return Checked(answer=p.CheckAnswer(outcome="clean", links=[clean]), asked=prefixes)
        answer = await self.check("link", link)
        return Checked(answer=answer, asked=prefixes, told=True)

    async def check(self, way: p.Way, content: str) -> p.CheckAnswer:
        """Have a link, a text or the content of a QR code judged; it is sent."""
        identity = self._identity()
        return await self._ask(
            p.CHECK_PATH,
            p.CHECK_TYP,
            lambda: p.CheckRequest(**self._said(identity), way=way, content=content),
            p.CheckAnswer,
        )

    async def resolver(self, act: str, minutes: int | None = None) -> p.ResolverAnswer:
        """Show, make, pause or resume this phone's resolver."""
        identity = self._identity()
        return await self._ask(
            p.RESOLVER_PATH,
            p.RESOLVER_TYP,
            lambda: msgspec.convert(
                {**self._said(identity), "act": act, "minutes": minutes}, p.ResolverRequest
            ),
            p.ResolverAnswer,
        )

    async def _ask(self, path: str, typ: str, message: Message, shape: type[Answer]) -> Answer:
        identity = self._identity()
        key = identity.private_key.key()
        response = await self._transport.post(identity.server + path, lambda: jose.sign(message(), key, typ))
        return read_answer(response, shape)

    def _said(self, identity: Identity) -> dict[str, Any]:
        return {
            "device_id": identity.device_id,
            "audience": identity.server,
            "sent_at": self._transport.now(),
        }

    def _identity(self) -> Identity:
        identity = self._store.identity()
        if identity is None or self._store.state().retired:
            raise NotEnrolled("This phone is not activated. Enroll it with an activation code first.")
        return identity
