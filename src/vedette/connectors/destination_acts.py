"""What administrators do with destinations: each act is audited, secrets never are."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from vedette.connectors import destination_errors
from vedette.connectors.destination_kinds import KINDS
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.destination_queue import CHANNEL
from vedette.connectors.destination_secrets import opened, sealed
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.events.models import EventHead
from vedette.foundation import clock, database, jobs
from vedette.foundation.ids import new_id
from vedette.foundation.secrets import SealError

MOST: Final = 20
"""Destinations of one tenant: each holds a connection and a thread while it is told."""
_FILTER: Final = ("name", "types", "level", "groups")


class TooManyError(Exception):
    """The tenant has as many destinations as it may have."""


class NameTakenError(Exception):
    """Another destination of the tenant has this name."""


@dataclass(frozen=True)
class Wish:
    """What a destination shall be: its name, its filter, and what its kind's form gave."""

    name: str
    types: Sequence[str]
    level: int
    groups: Sequence[str]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]


def create(tenant_id: uuid.UUID, kind: str, wish: Wish, actor: Actor) -> tuple[Destination, str]:
    """Make a destination that is told of what happens from now on; with the secret made for it, to show once.

    Raises TooManyError and NameTakenError.
    """
    made = KINDS[kind].made(wish.settings, wish.secrets)
    with database.writer(tenant_id):
        if Destination.objects.count() >= MOST:
            raise TooManyError
        _demand_free(wish.name)
        now = clock.now()
        row = Destination(
            id=new_id(),
            tenant_id=tenant_id,
            kind=kind,
            name=wish.name,
            settings=dict(wish.settings),
            types=list(wish.types),
            level=wish.level,
            groups=list(wish.groups),
            position=_head(tenant_id),
            due_at=now,
            created_at=now,
            created_by=actor.name or actor.id,
        )
        row.sealed = sealed(row, {**wish.secrets, **made})
        row.save(force_insert=True)
        # Its own making is the first event that it may be told of.
        changes = [change("kind", None, kind), *_changed({}, _shown(row))]
        _emit("destination.created", row, actor, changes, change_type="CREATED")
    return row, next(iter(made.values()), "")


def save(tenant_id: uuid.UUID, destination_id: uuid.UUID, wish: Wish, actor: Actor) -> str:
    """Change a destination; secrets that are not given stay. Returns a secret that was made for it, to show once.

    Raises NameTakenError and Destination.DoesNotExist.
    """
    with database.writer(tenant_id):
        row = Destination.objects.select_for_update().get(pk=destination_id)
        _demand_free(wish.name, besides=row.pk)
        before, old_name = _shown(row), row.name
        row.name, row.types, row.level = wish.name, list(wish.types), wish.level
        # What the form left out because nothing new was typed (the host of a secret address) stays.
        row.groups, row.settings = list(wish.groups), {**row.settings, **wish.settings}
        secrets = {**_opened(row), **wish.secrets}
        made = KINDS[row.kind].made(row.settings, secrets)
        new = {**wish.secrets, **made}
        if new:
            row.sealed = sealed(row, {**secrets, **made})
        changes = [*_changed(before, _shown(row)), *(change(f"secret.{name}", "***", "new") for name in new)]
        if not changes:
            return ""
        # With new settings it is worth a try at once.
        row.due_at = clock.now()
        row.save(update_fields=[*_FILTER, "settings", "sealed", "due_at"])
        _emit("destination.changed", row, actor, changes)
        jobs.notify(CHANNEL)
    if old_name != wish.name:
        destination_errors.forget(tenant_id, row.kind, old_name)
    return next(iter(made.values()), "")


def switch(tenant_id: uuid.UUID, row: Destination, actor: Actor, *, on: bool) -> None:
    """Begin or cease to tell a destination; while it is off its events wait in the log."""
    with database.writer(tenant_id):
        changed = Destination.objects.filter(pk=row.pk, enabled=not on).update(enabled=on, due_at=clock.now())
        if not changed:
            return
        _emit("destination.changed", row, actor, [change("enabled", not on, on)])
        jobs.notify(CHANNEL)
    if not on:
        destination_errors.forget(tenant_id, row.kind, row.name)


def remove(tenant_id: uuid.UUID, row: Destination, actor: Actor) -> None:
    """Delete a destination with its secrets and undelivered events."""
    with database.writer(tenant_id):
        Destination.objects.filter(pk=row.pk).delete()
        _emit(
            "destination.deleted", row, actor, [change("enabled", row.enabled, None)], change_type="DELETED"
        )
    destination_errors.forget(tenant_id, row.kind, row.name)


def replace_secret(tenant_id: uuid.UUID, row: Destination, actor: Actor) -> str:
    """Make a new secret in place of the one that was made here, and return it to be shown once."""
    kind = KINDS[row.kind]
    with database.writer(tenant_id):
        fresh = Destination.objects.select_for_update().get(pk=row.pk)
        secrets = kind.replaced(_opened(fresh))
        fresh.sealed = sealed(fresh, secrets)
        fresh.save(update_fields=["sealed"])
        _emit("destination.secret_replaced", row, actor, [change(f"secret.{kind.generated}", "***", "new")])
    return secrets[kind.generated]


def skip(tenant_id: uuid.UUID, row: Destination, actor: Actor) -> None:
    """Leave out everything that waits: the destination is told of what happens from now on."""
    with database.writer(tenant_id):
        before, after = row.position, _head(tenant_id)
        Destination.objects.filter(pk=row.pk).update(position=after, lease_until=None, due_at=clock.now())
        _emit("destination.skipped", row, actor, [change("position", before, after)])


def hurry(tenant_id: uuid.UUID, row: Destination, actor: Actor) -> None:
    """Try a destination at once, whatever pause it is in."""
    with database.writer(tenant_id):
        _end_pause(row)
        _emit("destination.retry_requested", row, actor, [])


def replay(tenant_id: uuid.UUID, row: Destination, actor: Actor, letter_id: uuid.UUID | None = None) -> int:
    """Have one undelivered event, or all, sent again; return how many."""
    with database.writer(tenant_id):
        count = _letters(row, letter_id).filter(replay=False).update(replay=True)
        if count:
            _end_pause(row)
            _emit("destination.replayed", row, actor, [], detail={"count": count})
    return count


def discard(tenant_id: uuid.UUID, row: Destination, actor: Actor, letter_id: uuid.UUID | None = None) -> int:
    """Let one undelivered event, or all, go; return how many."""
    with database.writer(tenant_id):
        letters = _letters(row, letter_id)
        count = letters.count()
        if count:
            letters.delete()
            # One that was full of them goes on.
            _end_pause(row)
            _emit("destination.discarded", row, actor, [], detail={"count": count})
    if count:
        destination_errors.settled(tenant_id, row)
    return count


def note_test(tenant_id: uuid.UUID, row: Destination, actor: Actor, *, told: bool) -> None:
    """Note that a test event was sent, and whether it arrived; a destination that takes it is in no pause any more."""
    with database.writer(tenant_id):
        if told:
            _end_pause(row)
        _emit("destination.tested", row, actor, [], detail={"arrived": told})


def _end_pause(row: Destination) -> None:
    Destination.objects.filter(pk=row.pk).update(due_at=clock.now())
    jobs.notify(CHANNEL)


def _letters(row: Destination, letter_id: uuid.UUID | None) -> QuerySet[DeadLetter]:
    letters = DeadLetter.objects.filter(destination=row)
    return letters.filter(pk=letter_id) if letter_id else letters


def _opened(row: Destination) -> dict[str, str]:
    """Open the secrets; under another secret key none are left, and all are entered anew."""
    try:
        return opened(row)
    except SealError:
        return {}


def _demand_free(name: str, besides: uuid.UUID | None = None) -> None:
    taken = Destination.objects.filter(name=name)
    if (taken.exclude(pk=besides) if besides else taken).exists():
        raise NameTakenError


def _head(tenant_id: uuid.UUID) -> int:
    return EventHead.objects.filter(tenant_id=tenant_id).values_list("position", flat=True).first() or 0


def _shown(row: Destination) -> dict[str, Any]:
    """What of a destination the audit trail names: certificates only by whether there are any."""
    told = {
        name: "PEM" if isinstance(value, str) and value.startswith("-----BEGIN") else value
        for name, value in row.settings.items()
    }
    return {name: getattr(row, name) for name in _FILTER} | told


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        change(name, before.get(name), value) for name, value in after.items() if before.get(name) != value
    ]


def _emit(
    action: str,
    row: Destination,
    actor: Actor,
    changes: Sequence[Mapping[str, Any]],
    *,
    change_type: str = "UPDATED",
    detail: Mapping[str, Any] | None = None,
) -> None:
    target = Target("destination", str(row.pk), row.name)
    emit(
        Draft(
            action,
            actor=actor,
            target=target,
            changes=changes,
            change_type=change_type,
            detail={"kind": row.kind, **(detail or {})},
        )
    )
