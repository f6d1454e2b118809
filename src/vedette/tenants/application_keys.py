"""Application keys: how another program proves whom it works for (reference/lookout.md 2.1).

A key is shown once and kept as a hash. It is no password that somebody chose but 256 random bits, so one SHA-256
is enough. It is traded for access tokens (access_tokens.py); revoking it ends those too, since each is measured
against its key's row at every use.
"""

import hashlib
import ipaddress
import re
import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.events import log
from vedette.foundation import clock, database
from vedette.tenants.models import ApplicationKey

CHANNEL: Final = "vedette_application_key"
"""PostgreSQL notifies here with the ID of a key that was revoked or whose tokens were ended."""

MARK: Final = "vdk"
"""Every key begins so: scanners for leaked secrets find `vdk_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}`."""

_LETTERS: Final = string.ascii_letters + string.digits
_SHOWN: Final = 8
_SECRET: Final = 43
_SHAPE: Final = re.compile(rf"{MARK}_[A-Za-z0-9]{{{_SHOWN}}}_[A-Za-z0-9]{{{_SECRET}}}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Scope(StrEnum):
    """What a key may be used for."""

    RISK = "risk.read"
    EVENTS = "events.read"
    FEEDS = "feeds.write"
    DEVICES_READ = "devices.read"
    DEVICES_WRITE = "devices.write"
    THREATS_READ = "threats.read"
    THREATS_WRITE = "threats.write"
    POLICY_READ = "policies.read"
    POLICY_WRITE = "policies.write"
    EXCEPTIONS_READ = "exceptions.read"
    EXCEPTIONS_WRITE = "exceptions.write"
    ENROLLMENT_READ = "invitations.read"
    ENROLLMENT_WRITE = "invitations.write"
    RELEASES_WRITE = "releases.write"
    SCANS_READ = "scans.read"
    SCANS_WRITE = "scans.write"
    LINKS_CHECK = "links.check"


SCOPES: Final[Mapping[Scope, tuple[Promise, Promise]]] = {
    Scope.RISK: (
        _("Devices and threats"),
        _("Read devices, threats and vulnerabilities (Mobile Risk API)"),
    ),
    Scope.EVENTS: (_("Events"), _("Read events and follow the stream (Mobile Risk API, SIEM)")),
    Scope.FEEDS: (_("Threat feeds"), _("Read and change your own lists of domains (Threat Feed API)")),
    Scope.DEVICES_READ: (_("Read devices"), _("Read devices, why each is blocked, and its history")),
    Scope.DEVICES_WRITE: (
        _("Change devices"),
        _("Deactivate, reinstate, delete, resync and judge devices anew"),
    ),
    Scope.THREATS_READ: (_("Read threats"), _("Read threats with their evidence")),
    Scope.THREATS_WRITE: (_("Change threats"), _("Ignore, reopen and resolve threats")),
    Scope.POLICY_READ: (_("Read the policy"), _("Export security policies and compare them")),
    Scope.POLICY_WRITE: (_("Change the policy"), _("Put security policies in force")),
    Scope.EXCEPTIONS_READ: (
        _("Read exceptions"),
        _("Read lists of applications, rules on capabilities and people left out"),
    ),
    Scope.EXCEPTIONS_WRITE: (
        _("Change exceptions"),
        _("Change lists of applications, rules on capabilities and people left out"),
    ),
    Scope.ENROLLMENT_READ: (_("Read enrollment"), _("Read how far enrollment is, and invitations")),
    Scope.ENROLLMENT_WRITE: (_("Invite"), _("Send invitations and withdraw them")),
    Scope.RELEASES_WRITE: (_("Let phones in"), _("Let a phone in for some hours, and end that")),
    Scope.SCANS_READ: (_("Read scans"), _("Read what scans of acquisitions found")),
    Scope.SCANS_WRITE: (_("Scan"), _("Upload acquisitions of phones and scan them")),
    Scope.LINKS_CHECK: (_("Check links"), _("Ask whether a link is dangerous")),
}
"""A short name and what it allows, in the order in which they are offered."""


class AddressError(ValueError):
    """A line of the address list is no IP address and no network; the text is that line."""


@dataclass(frozen=True)
class Wish:
    """What a new key shall be."""

    label: str
    scopes: Sequence[Scope]
    expires_at: datetime | None = None
    addresses: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Issued:
    """A key just made: its row, and the key itself for the only time."""

    row: ApplicationKey
    key: str


def create(wish: Wish, actor: log.Actor) -> Issued:
    """Make a key for the open door's tenant; inside `database.writer`."""
    prefix = f"{MARK}_{_random(_SHOWN)}"
    key = f"{prefix}_{_random(_SECRET)}"
    row = ApplicationKey.objects.create(
        tenant_id=database.current_tenant(),
        label=wish.label,
        prefix=prefix,
        key_hash=hash_key(key),
        scopes=[str(scope) for scope in wish.scopes],
        addresses=list(wish.addresses),
        created_at=clock.now(),
        created_by=actor.name or actor.id,
        expires_at=wish.expires_at,
    )
    changes = [
        log.change("scopes", None, row.scopes),
        log.change("addresses", None, row.addresses),
        log.change("expires_at", None, row.expires_at and row.expires_at.isoformat()),
    ]
    log.emit(log.Draft("application_key.created", "AUDIT", "CREATED", actor, target(row), changes))
    return Issued(row, key)


def revoke(row: ApplicationKey, actor: log.Actor) -> bool:
    """Make a key and all its tokens worthless at once; False when it was already. Inside `database.writer`."""
    now = clock.now()
    fresh = ApplicationKey.objects.filter(id=row.id, revoked_at=None)
    if not fresh.update(revoked_at=now, revoked_by=actor.name or actor.id):
        return False
    changes = [log.change("status", "active", "revoked")]
    log.emit(log.Draft("application_key.revoked", "AUDIT", "DELETED", actor, target(row), changes))
    _notify(row.id)
    return True


def end_tokens(row: ApplicationKey, actor: log.Actor) -> None:
    """Make the tokens that are out worthless; the key itself gets new ones. Inside `database.writer`."""
    before = ApplicationKey.objects.select_for_update().get(id=row.id).generation
    ApplicationKey.objects.filter(id=row.id).update(generation=before + 1)
    changes = [log.change("generation", before, before + 1)]
    log.emit(log.Draft("application_key.tokens_ended", "AUDIT", "UPDATED", actor, target(row), changes))
    _notify(row.id)


def target(row: ApplicationKey) -> log.Target:
    """Return a key as what an event was done to."""
    return log.Target("application_key", str(row.id), f"{row.label} ({row.prefix})")


def status(row: ApplicationKey, now: datetime) -> str:
    """Return `active`, `expired` or `revoked`."""
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expires_at and row.expires_at <= now else "active"


def looks_like_key(text: str) -> bool:
    """Tell whether this can be a key at all, before the database is asked."""
    return _SHAPE.fullmatch(text) is not None


def hash_key(key: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


def read_addresses(text: str) -> list[str]:
    """Return the IP addresses and networks of a typed list, one a line or divided by commas. Raises AddressError."""
    return [str(_network(word)) for word in re.split(r"[\s,;]+", text) if word]


def allows(addresses: Iterable[str], caller: str) -> bool:
    """Tell whether a caller's IP address is in the list; an empty list allows everybody."""
    networks = [ipaddress.ip_network(item) for item in addresses]
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(caller)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _network(word: str) -> Network:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise AddressError(word) from None


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _notify(key_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, %s)", [CHANNEL, str(key_id)])


def as_json(row: ApplicationKey, now: datetime) -> dict[str, Any]:
    """Return what may be told of a key; times in ISO 8601, UTC."""
    return {
        "id": str(row.id),
        "label": row.label,
        "prefix": row.prefix,
        "status": status(row, now),
        "scopes": row.scopes,
        "addresses": row.addresses,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
    }
