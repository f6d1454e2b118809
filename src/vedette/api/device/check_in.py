"""A phone checks in: with facts, or with word that nothing has changed."""

import asyncio
import random
import time
from datetime import datetime, timedelta
from typing import Final

from vedette.api.device.answers import ProblemError, good
from vedette.api.device.batch import Batcher
from vedette.api.device.inbox import HELD, Arrival, Inbox, Verdict
from vedette.api.device.keys import Keys, Speaker
from vedette.api.device.requests import malformed, spoken
from vedette.api.device.status import Statuses
from vedette.api.http import Answer
from vedette.foundation import clock
from vedette.foundation.database import Pool
from vedette_facts.protocol import REPORT_TYP, CheckInAnswer, ReportRequest
from vedette_facts.report import FactsError, utc

_OLDEST: Final = timedelta(days=3650)
# Batches under way at once: more would only make each smaller.
_LANES: Final = 3
# How long a phone whose device is held by another transaction waits here, and how many may.
_HELD_SECONDS: Final = 8.0
_MOST_HELD: Final = 500
_FIRST_WAIT, _LONGEST_WAIT = 0.03, 0.4


class CheckIn:
    """Handler of `POST /device/v1/check-in`."""

    def __init__(
        self, pool: Pool, keys: Keys, statuses: Statuses, *, public_url: str, check_in_seconds: int
    ) -> None:
        self._keys = keys
        self._statuses = statuses
        self._public_url = public_url
        self._check_in_seconds = check_in_seconds
        self.batcher: Batcher[Arrival, Verdict] = Batcher(
            Inbox(pool).take, key=lambda arrival: arrival.key_id, lanes=_LANES
        )
        self._held = 0

    async def answer(self, body: bytes, language: str) -> Answer:
        """Take one report in and answer after its commit. Raises ProblemError."""
        now = clock.now()
        message, speaker = await spoken(body, REPORT_TYP, ReportRequest, self._keys, self._public_url)
        arrival = _arrival(message, speaker, now)
        verdict = await self.batcher.ask(arrival, len(body))
        if verdict.error == HELD:
            verdict = await self._offer_again(arrival, len(body))
        if verdict.error:
            raise ProblemError(verdict.error, last_sequence=verdict.last_sequence)
        status, collect = await self._statuses.and_wishes(speaker, language)
        return good(
            200,
            CheckInAnswer(
                duplicate=verdict.duplicate,
                server_time=clock.now(),
                clock_skew_seconds=arrival.skew_seconds,
                check_in_seconds=self._check_in_seconds,
                state=status,
                collect=collect,
            ),
        )

    async def _offer_again(self, arrival: Arrival, weight: int) -> Verdict:
        """Offer a report until its device is free. Raises ProblemError `busy` after some seconds."""
        if self._held >= _MOST_HELD:
            raise ProblemError("busy", retry_after=5)
        self._held += 1
        try:
            deadline, wait = time.monotonic() + _HELD_SECONDS, _FIRST_WAIT
            while time.monotonic() < deadline:
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 spreads load, protects nothing
                verdict = await self.batcher.ask(arrival, weight)
                if verdict.error != HELD:
                    return verdict
                wait = min(wait * 1.5, _LONGEST_WAIT)
        finally:
            self._held -= 1
        raise ProblemError("busy", retry_after=5)


def _arrival(message: ReportRequest, speaker: Speaker, now: datetime) -> Arrival:
    try:
        facts = message.decoded_facts()
        digest = message.digest()
    except FactsError as error:
        raise malformed(error) from None
    if facts is not None and facts.device.platform != speaker.platform:
        raise ProblemError(
            "malformed", f"This phone was enrolled as {speaker.platform} and reports {facts.device.platform}."
        )
    skew = (now - utc(message.sent_at)).total_seconds()
    observed = utc(message.observed_at)
    return Arrival(
        key_id=speaker.key_id,
        sequence=message.sequence,
        fingerprint=message.fingerprint(digest),
        digest=digest,
        facts=message.facts if facts is not None else None,
        observed_at=corrected(observed, skew, now),
        device_observed_at=observed,
        skew_seconds=round(skew, 3),
        tenant_id=speaker.tenant_id,
    )


def corrected(observed: datetime, skew_seconds: float, now: datetime) -> datetime:
    """Correct a phone's time by its skew; never later than now, or it would beat every report to come."""
    return max(min(observed + timedelta(seconds=skew_seconds), now), now - _OLDEST)
