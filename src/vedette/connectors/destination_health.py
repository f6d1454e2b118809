"""How a destination stands: what it was told last, what is wrong with it, how far behind it is."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vedette.connectors import destination_events, errors
from vedette.connectors.destination_errors import ADVICE
from vedette.connectors.destination_kinds import KINDS, Kind
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.destination_summary import ENGLISH, title
from vedette.connectors.errors import Advice, Shown
from vedette.connectors.overview import Card
from vedette.events.models import Event
from vedette.foundation import clock

COUNTED: Final = 10_000
"""Waiting events are counted up to here."""


@dataclass(frozen=True)
class Health:
    """A destination as pages show it. ``state``: off, failing, behind or sound."""

    row: Destination
    kind: Kind
    state: str
    waiting: int
    lag: timedelta | None
    dead: int
    replaying: int
    trouble: Shown | None
    next_try: datetime | None

    @property
    def counted_all(self) -> bool:
        """Whether `waiting` is all there is."""
        return self.waiting < COUNTED

    @property
    def address(self) -> str:
        """Where it goes."""
        return self.kind.address(self.row.settings)


@dataclass(frozen=True)
class Described:
    """A dead letter with what the event was and why it was refused."""

    letter: DeadLetter
    title: str
    why: Shown


def health(row: Destination) -> Health:
    """Look at one destination; inside its tenant's door."""
    now = clock.now()
    waiting, oldest = _waiting(row)
    letters = DeadLetter.objects.filter(destination=row)
    replaying = letters.filter(replay=True).count()
    failing = bool(row.attempts)
    state = "off" if not row.enabled else "failing" if failing else "behind" if waiting else "sound"
    return Health(
        row=row,
        kind=KINDS[row.kind],
        state=state,
        waiting=waiting,
        lag=now - oldest if oldest else None,
        dead=letters.count() - replaying,
        replaying=replaying,
        trouble=trouble_of(row.error_code, row.error) if row.error_code else None,
        next_try=row.due_at if failing and row.enabled and row.due_at > now else None,
    )


def trouble_of(code: str, error: str) -> Shown:
    """Say what a code means, in the reader's language; the message is what was met."""
    advice = ADVICE.get(code, Advice())
    return errors.shown(error, advice.explanation, advice.next_step, {})


def described(row: Destination, letters: Sequence[DeadLetter]) -> list[Described]:
    """Say of dead letters what the event was and why it was refused, in the reader's language."""
    events = destination_events.at_positions(row.tenant_id, [letter.position for letter in letters])
    titles = {event.position: title(event, get_language() or ENGLISH) for event in events}
    return [
        Described(letter, titles.get(letter.position, letter.action), trouble_of(letter.code, letter.error))
        for letter in letters
    ]


def card(_tenant_id: uuid.UUID) -> Card:
    """The card of the overview page."""
    from django.urls import reverse  # noqa: PLC0415 - addresses are known only when pages are drawn

    rows = list(Destination.objects.all())
    failing = [row for row in rows if row.enabled and row.attempts]
    dead = DeadLetter.objects.count()
    state = "notSetUp" if not rows else "error" if failing else "enabled"
    facts: list[tuple[object, object]] = [(_("Destinations"), len(rows))]
    if failing:
        facts.append((_("Failing"), len(failing)))
    if dead:
        facts.append((_("Undelivered events"), dead))
    return Card(
        title=_("Deliveries"),
        text=_("Tells other systems of events: webhooks, Teams, Slack, syslog, Splunk, Elastic, Sentinel."),
        icon="broadcast",
        href=reverse("deliveries:page"),
        action=_("Open"),
        state=state,
        facts=facts,
    )


def _waiting(row: Destination) -> tuple[int, datetime | None]:
    """Count events of its types behind its position; those that the rest of the filter leaves out are among them."""
    behind = Event.objects.filter(position__gt=row.position, type__in=row.types)
    found = (
        behind.order_by("position")
        .values("occurred_at")[:COUNTED]
        .aggregate(count=Count("*"), oldest=Min("occurred_at"))
    )
    return found["count"], found["oldest"]
