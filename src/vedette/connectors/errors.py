"""Errors of connectors: counted, explained, told once, and past when what failed succeeds (requirement C5).

Texts are kept as they stand in the source, in English, and translated when they are shown or mailed.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext

from vedette.connectors.models import ConnectorError
from vedette.connectors.signals import error_appeared
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database

# An error that was told is told again only if it comes back after so long.
NEWS_AFTER: Final = timedelta(hours=24)
AT_ONCE: Final = timedelta(0)
# What is tried again by itself is worth a mail only if it does not pass.
LASTING: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Advice:
    """What an error means and what to do, in English. ``mail_after``: how long it lasts before it is mailed."""

    explanation: str = ""
    next_step: str = ""
    mail_after: timedelta | None = AT_ONCE


@dataclass(frozen=True)
class Problem:
    """What went wrong in one part of a connector (`source`: heartbeat, poll, attribute, upload…).

    ``words`` are filled into the message once it is translated.
    """

    source: str
    code: str
    message: str
    advice: Advice = field(default_factory=Advice)
    words: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """An error in the reader's language."""

    message: str
    explanation: str
    next_step: str


def record(tenant_id: uuid.UUID, connector: str, problem: Problem, *, times: int = 1) -> ConnectorError:
    """Count a problem; people are told when it is new or lasts, never each time it repeats."""
    now = clock.now()
    with database.writer(tenant_id):
        error, created = ConnectorError.objects.get_or_create(
            tenant_id=tenant_id,
            connector=connector,
            source=problem.source,
            code=problem.code,
            defaults={
                **_words(problem),
                "first_seen_at": now,
                "since": now,
                "last_seen_at": now,
                "count": times,
            },
        )
        if not created:
            _repeat(error, problem, now, times)
        if _is_news(error, problem.advice.mail_after, now):
            error.mailed_at = now
            error.save(update_fields=["mailed_at"])
            error_appeared.send(ConnectorError, tenant_id=tenant_id, error=error)
        return error


def passed(tenant_id: uuid.UUID, connector: str, source: str, *, still: Collection[str] = ()) -> None:
    """Note that a part of a connector works again: its errors are past, but for the codes in `still`."""
    with database.tenant(tenant_id):
        standing = ConnectorError.objects.filter(connector=connector, source=source, resolved_at=None)
        standing.exclude(code__in=list(still)).update(resolved_at=clock.now())


def stand(tenant_id: uuid.UUID, connector: str, source: str) -> bool:
    """Tell whether a part of a connector has errors that are not past."""
    with database.tenant(tenant_id):
        return ConnectorError.objects.filter(connector=connector, source=source, resolved_at=None).exists()


def acknowledge(tenant_id: uuid.UUID, error_id: uuid.UUID, actor: Actor) -> bool:
    """Note that somebody has seen an error; it stays listed. False when there is no such error."""
    with database.writer(tenant_id):
        error = ConnectorError.objects.filter(pk=error_id).first()
        if error is None or error.acknowledged_at:
            return error is not None
        error.acknowledged_at, error.acknowledged_by = clock.now(), actor.name
        error.save(update_fields=["acknowledged_at", "acknowledged_by"])
        emit(
            Draft(
                "connector.error_acknowledged",
                actor=actor,
                target=Target("connector", error.connector, error.code),
                changes=[change("acknowledged", False, True)],  # noqa: FBT003 - from and to
            )
        )
        return True


def shown(message: str, explanation: str, next_step: str, words: Mapping[str, str]) -> Shown:
    """Translate the texts of an error into the current language."""
    told = gettext(message) if message else ""
    # Only our own texts have words to fill in: a "%" in Microsoft's stays what it is.
    return Shown(
        told % words if words else told,
        gettext(explanation) if explanation else "",
        gettext(next_step) if next_step else "",
    )


_readers: list[Callable[[uuid.UUID], list[str]]] = []


def provide_recipients(reader: Callable[[uuid.UUID], list[str]]) -> None:
    """Name the function that reads who is told of errors; called once, when Django starts."""
    _readers[:] = [reader]


def recipients(tenant_id: uuid.UUID) -> list[str]:
    """Return the addresses that are told of connector errors; call inside the tenant's door."""
    return _readers[0](tenant_id)


def _words(problem: Problem) -> dict[str, Any]:
    return {
        "message": problem.message,
        "explanation": problem.advice.explanation,
        "next_step": problem.advice.next_step,
        "words": dict(problem.words),
        "detail": dict(problem.detail),
    }


def _repeat(error: ConnectorError, problem: Problem, now: datetime, times: int) -> None:
    changes: dict[str, Any] = {**_words(problem), "last_seen_at": now, "count": F("count") + times}
    if error.resolved_at or now - error.last_seen_at > NEWS_AFTER:
        changes |= {"since": now, "resolved_at": None, "acknowledged_at": None, "acknowledged_by": ""}
    ConnectorError.objects.filter(pk=error.pk).update(**changes)
    error.refresh_from_db()


def _is_news(error: ConnectorError, mail_after: timedelta | None, now: datetime) -> bool:
    if mail_after is None or now - error.since < mail_after:
        return False
    told = error.mailed_at
    # Told in this run of errors, or so recently that telling again would only be noise.
    return told is None or (told < error.since and now - told > NEWS_AFTER)
