"""What an app asks about the web in the device protocol (docs/device-protocol.md, section 11): signed like the rest."""

import logging
import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.utils import translation

from vedette.api.device.answers import ProblemError, bad, good
from vedette.api.device.http import language, read_message
from vedette.api.device.keys import Keys, Speaker
from vedette.api.device.requests import spoken
from vedette.api.device.status import refuse_stale
from vedette.api.dns.listed import Listed
from vedette.api.http import GoneError, Receive, Request, Scope, Send, respond
from vedette.api.threads import Threads
from vedette.compliance import web_encounters
from vedette.compliance.web_encounters import Encounter
from vedette.detection.web import WebVerdict, addresses_in, judge_url
from vedette.devices import resolver
from vedette.events.log import Actor
from vedette.feeds import web_lists, web_settings
from vedette.foundation import clock, database
from vedette.foundation.database import Pool, pool_system
from vedette.foundation.rates import Buckets
from vedette.verdict import classification, summary_in
from vedette_facts import web_protocol as p
from vedette_facts.report import utc

log = logging.getLogger(__name__)

THREADS: Final = 2
LISTED_SECONDS: Final = 300
# Of one phone: a person checks one link at a time, a text holds at most fifty.
PER_SECOND: Final = 2
AT_ONCE: Final = 60
_WORST: Final = ("blocked", "suspicious", "clean", "allowed", "none")

Handler = Callable[[bytes, str], Awaitable[msgspec.Struct]]


class WebCalls:
    """ASGI application for the paths under /device/v1/web. `start` after the pool is open."""

    def __init__(self, pool: Pool, *, public_url: str) -> None:
        self._pool = pool
        self._public_url = public_url
        self._keys = Keys(pool)
        self._listed = Listed()
        self._threads = Threads(THREADS, "web-calls")
        self._calls = Buckets(PER_SECOND, AT_ONCE)
        self._handlers: dict[str, Handler] = {
            p.LISTED_PATH: self._answer_listed,
            p.CHECK_PATH: self._answer_check,
            p.RESOLVER_PATH: self._answer_resolver,
        }

    def serves(self, path: str) -> bool:
        """Tell whether a path is answered here."""
        return path in self._handlers

    def start(self) -> None:
        """Begin to work; inside the running loop."""
        self._keys.batcher.start()

    async def stop(self) -> None:
        """Let the database connections go."""
        await self._keys.batcher.stop()
        await self._threads.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing ends in a traceback."""
        request = Request(scope, receive)
        words = language(request)
        try:
            await respond(send, good(200, await self._answer(request, words)))
        except GoneError:
            return
        except ProblemError as problem:
            unread = problem.code in {"too_large", "unsupported_media_type", "method_not_allowed"}
            await respond(send, bad(problem, words), close=unread)
        except Exception:
            log.exception("The device API failed at %s", request.path)
            await respond(send, bad(ProblemError("unavailable", retry_after=30), words))

    async def _answer(self, request: Request, words: str) -> msgspec.Struct:
        if request.method != "POST":
            raise ProblemError("method_not_allowed")
        return await self._handlers[request.path](await read_message(request), words)

    async def _answer_listed(self, body: bytes, _words: str) -> msgspec.Struct:
        message, speaker = await spoken(body, p.LISTED_TYP, p.ListedRequest, self._keys, self._public_url)
        await self._admit(speaker, message.sent_at)
        hashes = await self._threads.run(self._listed.beginning, speaker.tenant_id, message.prefixes)
        return p.ListedAnswer(hashes=hashes, valid_seconds=LISTED_SECONDS)

    async def _answer_check(self, body: bytes, words: str) -> msgspec.Struct:
        message, speaker = await spoken(body, p.CHECK_TYP, p.CheckRequest, self._keys, self._public_url)
        await self._admit(speaker, message.sent_at)
        return await self._threads.run(_check, speaker, message, words)

    async def _answer_resolver(self, body: bytes, words: str) -> msgspec.Struct:
        message, speaker = await spoken(body, p.RESOLVER_TYP, p.ResolverRequest, self._keys, self._public_url)
        await self._admit(speaker, message.sent_at)
        return await self._threads.run(_resolver, speaker, message, words)

    async def _admit(self, speaker: Speaker, sent_at: datetime) -> None:
        """Refuse a key that was retired, a message played again, and a phone that asks too much."""
        async with pool_system(self._pool) as connection:
            cursor = await connection.execute(_KEY, {"key": speaker.key_id})
            row = await cursor.fetchone()
        if row is None:
            raise ProblemError("unknown_key")
        if row[0]:
            raise ProblemError("retired_identity")
        refuse_stale(utc(sent_at), row[1], clock.now())
        if wait := self._calls.take(speaker.device_id):
            raise ProblemError("busy", retry_after=math.ceil(wait))


def _check(speaker: Speaker, message: p.CheckRequest, words: str) -> p.CheckAnswer:
    """Judge the links of a message and write down what is suspicious or blocked."""
    lists = web_lists.lists_of(speaker.tenant_id)
    settings = web_settings.settings_of(speaker.tenant_id)
    verdicts = [judge_url(link, lists) for link in links_of(message.way, message.content)]
    if settings.on:
        web_encounters.record(
            speaker.tenant_id,
            [
                Encounter(speaker.device_id, verdict.subject, verdict, clock.now(), message.way)
                for verdict in verdicts
            ],
        )
    checked = [_told(verdict, words, block_suspicious=settings.block_suspicious) for verdict in verdicts]
    checked.sort(key=lambda link: _WORST.index(link.outcome))
    return p.CheckAnswer(outcome=checked[0].outcome if checked else "none", links=checked)


def links_of(way: p.Way, content: str) -> tuple[str, ...]:
    """Return the links to judge: the content itself if it was given as one, else those in it."""
    content = content.strip()
    return (content,) if way == "link" else addresses_in(content)


def _told(verdict: WebVerdict, words: str, *, block_suspicious: bool) -> p.CheckedLink:
    code = verdict.classification
    return p.CheckedLink(
        address=verdict.subject,
        outcome=verdict.outcome,
        stopped=verdict.stops(block_suspicious=block_suspicious),
        classification=code,
        title=classification(code).words(words).title if code else "",
        why=summary_in(words, verdict.reasons) or "",
    )


def _resolver(speaker: Speaker, message: p.ResolverRequest, words: str) -> p.ResolverAnswer:
    """Do what the phone asks of its resolver. Raises ProblemError with the reason."""
    with translation.override(words), database.writer(speaker.tenant_id):
        device = resolver.device_of(UUID(str(speaker.device_id)))
        if device is None:
            raise ProblemError("unknown_key")
        actor = Actor("DEVICE", str(device.pk), device.display_name or device.model)
        address = None
        try:
            if message.act == "make":
                address = resolver.make(device, actor)
            elif message.act == "pause":
                resolver.pause(device, message.minutes or 0, actor)
            elif message.act == "resume":
                resolver.resume(device, actor)
        except resolver.Refused as refusal:
            raise ProblemError("way_not_allowed", str(refusal)) from None
        settings, row = web_settings.current(), resolver.of(device)
    return p.ResolverAnswer(
        on=settings.on,
        made_at=row.made_at if row else None,
        paused_until=resolver.paused_until(row, settings),
        pause_minutes=settings.pause_minutes,
        https=address.https if address else "",
        tls_host=address.host if address else "",
        profile=address.profile if address else "",
    )


_KEY: Final = "select retired_at is not null, skew_seconds from devices_devicekey where key_id = %(key)s"
