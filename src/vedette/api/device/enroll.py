"""A phone enrols with its code and a key of its own making."""

import math
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext

from vedette.api.device.answers import ProblemError, good
from vedette.api.device.requests import introduced
from vedette.api.http import Answer
from vedette.api.threads import Threads
from vedette.compliance.enroll import (
    NEEDS_CONFIRMATION,
    NOT_IN_GROUP,
    Activated,
    Member,
    Membership,
    Outcome,
    Refused,
    redeem,
)
from vedette.foundation import clock
from vedette.foundation.rates import Buckets
from vedette_facts import protocol
from vedette_facts.protocol import ENROLL_TYP, EnrollRequest

THREADS: Final = 4
# Enrolments may ask Microsoft; more than this many at once wait too long for anybody to watch.
MOST_AT_ONCE: Final = 64
RETRY_SECONDS: Final = 300
# For one person Microsoft is asked at once a few times, then so seldom, however many keys ask.
ASK_AGAIN_SECONDS: Final = 5
ASK_AT_ONCE: Final = 5
# Of one tenant, about device IDs that no poll has seen: the code for asking is on every managed phone.
NAMED_PER_SECOND: Final = 5
NAMED_AT_ONCE: Final = 100


class Enroll:
    """Handler of `POST /device/v1/enroll`: Django's ORM in a few threads, since people enrol seldom."""

    def __init__(self, membership: Membership, *, public_url: str, check_in_seconds: int) -> None:
        self._directory = membership
        self._membership = Membership(self._ask, self._covers, self._owner)
        self._questions = Buckets(1 / ASK_AGAIN_SECONDS, ASK_AT_ONCE)
        self._named = Buckets(NAMED_PER_SECOND, NAMED_AT_ONCE)
        self._public_url = public_url
        self._check_in_seconds = check_in_seconds
        self._threads = Threads(THREADS, "enroll")
        self._under_way = 0

    async def stop(self) -> None:
        """Wait for enrolments under way and let their database connections go."""
        await self._threads.stop()

    async def answer(self, body: bytes, language: str) -> Answer:
        """Answer one enrolment. Raises ProblemError."""
        message, jwk = introduced(body, ENROLL_TYP, self._public_url)
        if self._under_way >= MOST_AT_ONCE:
            raise ProblemError("busy", retry_after=10)
        self._under_way += 1
        try:
            outcome = await self._threads.run(self._redeem, message, jwk, language)
        finally:
            self._under_way -= 1
        return self._answer(outcome, language)

    def _redeem(self, message: EnrollRequest, jwk: Mapping[str, str], language: str) -> Outcome:
        with translation.override(language):
            return redeem(message, jwk, self._membership)

    def _ask(self, tenant_id: UUID, oid: UUID) -> Member | None:
        self._refuse_too_often(tenant_id, oid)
        return self._directory.ask(tenant_id, oid)

    def _covers(self, tenant_id: UUID, oid: UUID | None, device: UUID | None) -> bool:
        self._refuse_too_often(tenant_id, oid or device)
        return self._directory.covers(tenant_id, oid, device)

    def _owner(self, tenant_id: UUID, device: UUID) -> UUID | None:
        self._refuse(self._named.take(tenant_id))
        self._refuse_too_often(tenant_id, device)
        return self._directory.owner(tenant_id, device)

    def _refuse_too_often(self, tenant_id: UUID, about: UUID | None) -> None:
        """Microsoft is not asked about one person at every repetition. Raises ProblemError `busy`."""
        self._refuse(self._questions.take((tenant_id, about)))

    @staticmethod
    def _refuse(wait: float) -> None:
        if wait:
            raise ProblemError("busy", retry_after=math.ceil(wait))

    def _answer(self, outcome: Outcome, language: str) -> Answer:
        if isinstance(outcome, Refused):
            retry = 30 if outcome.code == "unavailable" else None
            raise ProblemError(outcome.code, outcome.why, retry_after=retry)
        if isinstance(outcome, Activated):
            activated = protocol.Activated(
                device_id=str(outcome.device_id),
                key_id=outcome.key_id,
                binding=outcome.binding,
                server_time=clock.now(),
                check_in_seconds=self._check_in_seconds,
            )
            return good(200 if outcome.again else 201, activated)
        waiting = protocol.Waiting(
            reason=outcome.reason,
            key_id=outcome.key_id,
            retry_seconds=RETRY_SECONDS,
            message=_waiting_text(outcome.reason, language),
        )
        return good(202, waiting)


def _waiting_text(reason: str, language: str) -> str:
    with translation.override(language):
        texts = {
            NOT_IN_GROUP: gettext(
                "You are not in an enrollment group yet. Ask your administrator to add you, then open the app"
                " again: it keeps its identity and is activated at once."
            ),
            NEEDS_CONFIRMATION: gettext(
                "It is not certain which of your registered phones this is. Your administrator has been shown"
                " your request; open the app again once it is confirmed."
            ),
        }
        return texts[reason]
