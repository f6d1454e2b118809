"""Where Graph goes on telling what changed, kept per tenant and kind. Every function runs inside the door."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vedette.directory.models import DeltaLink
from vedette.foundation import database

GROUPS: Final = "groups"
USERS: Final = "users"
DEVICES: Final = "devices"
KINDS: Final = (GROUPS, USERS, DEVICES)


@dataclass(frozen=True)
class Standing:
    """The links of a tenant; all three kinds or none, since they build on one full pass."""

    links: Mapping[str, str]
    scope: str
    groups: frozenset[str]
    full_at: datetime
    taken_at: datetime


def standing() -> Standing | None:
    """Return the links, or None when a kind is missing and only a full pass will do."""
    rows = {row.kind: row for row in DeltaLink.objects.all()}
    if not rows.keys() >= set(KINDS):
        return None
    return Standing(
        links={kind: rows[kind].link for kind in KINDS},
        scope=rows[GROUPS].scope,
        groups=frozenset(rows[GROUPS].groups),
        full_at=min(row.full_at for row in rows.values()),
        taken_at=min(row.taken_at for row in rows.values()),
    )


def begin(links: Mapping[str, str], *, scope: str, groups: Iterable[str], full_at: datetime) -> None:
    """Keep the links that a complete full pass took before it read; those of before are worth nothing now."""
    forget()
    DeltaLink.objects.bulk_create(
        DeltaLink(
            tenant_id=database.current_tenant(),
            kind=kind,
            link=link,
            scope=scope,
            groups=sorted(groups),
            full_at=full_at,
            taken_at=full_at,
        )
        for kind, link in links.items()
    )


def advance(links: Mapping[str, str], taken_at: datetime) -> None:
    """Move on, in the transaction that applies what was told: what is not applied is told again."""
    for kind, link in links.items():
        DeltaLink.objects.filter(kind=kind).update(link=link, taken_at=taken_at)


def forget() -> None:
    """Drop the links: the next poll reads everything."""
    DeltaLink.objects.all().delete()
