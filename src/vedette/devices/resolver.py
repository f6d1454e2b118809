"""A phone's own address at the resolver, and pausing its web protection (docs/web-protection.md).

The address is a secret that only the phone has: whoever knows it could ask in its name. It is shown once, when it
is made, and only its hash is kept. It is a label of the DNS too (RFC 1035: letters and digits, case does not
count), so that Android's Private DNS can carry it.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.devices.models import Device, ResolverAddress, ResolverSettings
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.feeds import web_settings
from vedette.feeds.models import WebProtection
from vedette.foundation import clock, config, database

PATH: Final = "/dns/"
PROFILE: Final = "/profile.mobileconfig"
_BYTES: Final = 20
_TOKEN: Final = re.compile(r"[a-z2-7]{32}").fullmatch


class Refused(Exception):  # noqa: N818 - told to the person
    """It cannot be done; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    """What a phone is told: where it asks, by either way. `host` is empty where DNS over TLS is not set up."""

    token: str
    https: str
    host: str

    @property
    def profile(self) -> str:
        """Where the phone finds its iOS configuration profile."""
        return self.https + PROFILE


def make(device: Device, actor: Actor) -> Address:
    """Give the phone a new address; the one before ends. Inside `database.writer`. Raises Refused."""
    if device.activation_status == Device.Activation.DEACTIVATED:
        raise Refused(gettext("This device is deactivated. Reinstate it first."))
    token = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    row = of(device) or ResolverAddress(tenant_id=device.tenant_id, device=device)
    before = row.made_at
    row.token_hash, row.made_at, row.made_by = hashed(token), clock.now(), actor.name
    row.asked_at = row.paused_until = None
    row.paused_by = ""
    row.save()
    _tell("device.resolver_address_made", device, actor, change("made_at", before, row.made_at))
    return addressed(token)


def withdraw(device: Device, actor: Actor) -> None:
    """End the phone's address. Inside `database.writer`. Raises Refused."""
    row = of(device)
    if row is None:
        raise Refused(gettext("This device has no address at the resolver."))
    row.delete()
    _tell("device.resolver_address_withdrawn", device, actor, change("made_at", row.made_at, None))


def pause(device: Device, minutes: int, actor: Actor) -> datetime:
    """Let the phone's names through unjudged for so many minutes; return until when. Inside `database.writer`.

    It ends by itself. Raises Refused where the organisation does not allow so long.
    """
    most = web_settings.current().pause_minutes
    if not most:
        raise Refused(gettext("Your organisation does not allow web protection to be paused."))
    if not 0 < minutes <= most:
        raise Refused(gettext("Your organisation allows a pause of 1 to %(most)d minutes.") % {"most": most})
    row = of(device)
    if row is None:
        raise Refused(gettext("This device has no address at the resolver."))
    before, row.paused_until = row.paused_until, clock.now() + timedelta(minutes=minutes)
    row.paused_by = actor.name
    row.save(update_fields=["paused_until", "paused_by"])
    _tell("device.resolver_paused", device, actor, change("paused_until", before, row.paused_until))
    return row.paused_until


def resume(device: Device, actor: Actor) -> None:
    """End a pause before its time; nothing happens where there is none. Inside `database.writer`."""
    row = of(device)
    if row is None or row.paused_until is None or row.paused_until <= clock.now():
        return
    before, row.paused_until, row.paused_by = row.paused_until, None, ""
    row.save(update_fields=["paused_until", "paused_by"])
    _tell("device.resolver_resumed", device, actor, change("paused_until", before, None))


def paused_until(row: ResolverAddress | None, settings: WebProtection) -> datetime | None:
    """Return until when a phone is paused; None where it is not, or where the organisation no longer allows it."""
    until = row.paused_until if row and settings.pause_minutes else None
    return until if until and until > clock.now() else None


def of(device: Device) -> ResolverAddress | None:
    """Return a phone's row, inside its tenant's door."""
    return ResolverAddress.objects.filter(device=device).first()


def settings() -> ResolverSettings:
    """Read the settings of the open door's tenant, or the defaults, not saved."""
    return ResolverSettings.objects.first() or ResolverSettings(tenant_id=database.current_tenant())


def change_settings(tenant_id: UUID, given: Mapping[str, Any], actor: Actor) -> None:
    """Save how the resolver answers, by the names of the columns."""
    with database.writer(tenant_id):
        row = settings()
        changes = [
            change(name, getattr(row, name), value)
            for name, value in given.items()
            if getattr(row, name) != value
        ]
        if not changes:
            return
        for name, value in given.items():
            setattr(row, name, value)
        row.save()
        emit(Draft("web.resolver_changed", actor=actor, target=Target("web_protection"), changes=changes))


def addressed(token: str) -> Address:
    """Return the addresses that carry a token, inside its tenant's door."""
    installed = config.current()
    name = settings().dot_name or installed.dot_name
    host = f"{token}.{name}" if name and installed.dot_port else ""
    return Address(token, f"{installed.public_url}{PATH}{token}", host)


def hashed(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def token_in(text: str) -> str:
    """Return the token in a label of a host name or a part of a path, however it is spelled; empty if there is none."""
    text = text.lower()
    return text if _TOKEN(text) else ""


def device_of(device_id: UUID) -> Device | None:
    """Return a phone without its facts, inside its tenant's door."""
    return Device.objects.defer("facts", "managed_facts", "managed_apps").filter(pk=device_id).first()


def _tell(action: str, device: Device, actor: Actor, changed: dict[str, object]) -> None:
    name = device.display_name or device.model
    emit(Draft(action, actor=actor, target=Target("device", str(device.pk), name), changes=[changed]))
