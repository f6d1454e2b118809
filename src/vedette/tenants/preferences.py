"""Keeping what a person prefers with the person (E5, G)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest

from vedette.events import log
from vedette.foundation import database
from vedette.tenants import console_session, people
from vedette.tenants.models import Administrator

FIELDS: Final = ("notify_high", "notify_medium", "notify_low", "language", "theme")


def save(administrator: Administrator, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Store the values of FIELDS; the question about notifications is answered with it.

    Returns the changes, which stand in the audit trail too. Opens the writer's door.
    """
    changes = [
        log.change(name, getattr(administrator, name), values[name])
        for name in FIELDS
        if getattr(administrator, name) != values[name]
    ]
    for name in FIELDS:
        setattr(administrator, name, values[name])
    administrator.notifications_asked = True
    with database.writer(administrator.tenant_id):
        administrator.save(update_fields=[*FIELDS, "notifications_asked"])
        if changes:
            log.emit(
                log.Draft(
                    "administrator.preferences_changed",
                    actor=people.actor(administrator),
                    target=people.target(administrator),
                    changes=changes,
                )
            )
    return changes


def keep_appearance(
    sender: object, *, request: HttpRequest, theme: str | None, language: str | None, **_more: object
) -> None:
    """Store theme and language chosen at the foot of a page (signal of web/appearance.py)."""
    del sender
    chosen = {name: value for name, value in (("theme", theme), ("language", language)) if value}
    holder = console_session.holder(request.session)
    if holder is None or not chosen:
        return
    with database.tenant(holder.tenant_id):
        Administrator.objects.filter(id=holder.administrator_id).update(**chosen)
