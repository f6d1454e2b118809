"""The organisation's lists of applications and its rules on capabilities, as the detectors take them."""

from datetime import datetime
from typing import cast

from django.db.models import Q, QuerySet

from vedette.detection.app_lists import AppLists, CapabilityRule, Named, Subject
from vedette.threats import models
from vedette.threats.models import AppEntry


def entries_in_force(now: datetime) -> QuerySet[AppEntry]:
    """Return the entries that have not expired; inside the tenant's door."""
    return AppEntry.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


def lists(now: datetime) -> AppLists:
    """Read what is in force; inside the tenant's door."""
    named = [
        (row.action, Named(cast("Subject", row.subject), row.value, row.note))
        for row in entries_in_force(now).order_by("subject", "value")
    ]
    return AppLists.of(
        [entry for action, entry in named if action == AppEntry.Action.ALLOW],
        [entry for action, entry in named if action == AppEntry.Action.DENY],
        [
            CapabilityRule(row.name, frozenset(row.all_of), frozenset(row.none_of), row.only_side_loaded)
            for row in models.CapabilityRule.objects.order_by("name")
        ],
    )


def basis(known: AppLists) -> list[object]:
    """Put lists in a form that is the same for the same lists: what verdicts rest on."""
    rules = [(r.name, sorted(r.all_of), sorted(r.none_of), r.only_side_loaded) for r in known.rules]
    return [sorted(known.allowed), sorted(known.denied), rules] if known != AppLists() else []
