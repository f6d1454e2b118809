"""Turning change notifications on and off for a tenant; each is an audited act."""

import uuid
from typing import Final
from urllib.parse import urlsplit

from vedette.connectors.notifications.models import Subscription
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, config, database

CONNECTOR: Final = "notifications"
RESOURCES: Final = ("users", "groups")
"""What there are notifications of; none exist for devices (microsoft.md 2.11), which the poll finds by itself."""
NOTIFY: Final = "/graph/notify"
LIFECYCLE: Final = "/graph/lifecycle"


def addresses() -> tuple[str, str]:
    """Return where Microsoft sends notifications, and news about the subscriptions themselves."""
    public_url = config.current().public_url
    return f"{public_url}{NOTIFY}", f"{public_url}{LIFECYCLE}"


def possible() -> bool:
    """Tell whether Microsoft would call this installation at all: it calls HTTPS addresses only."""
    return urlsplit(config.current().public_url).scheme == "https"


def is_on() -> bool:
    """Tell whether the switch is on; inside the tenant's door."""
    return Subscription.objects.filter(unwanted=False).exists()


def turn_on(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Have a subscription made for each kind of change, within seconds."""
    with database.writer(tenant_id):
        if is_on():
            return
        for resource in RESOURCES:
            values = {"unwanted": False, "next_at": clock.now(), "failures": 0, "problem": ""}
            Subscription.objects.update_or_create(tenant_id=tenant_id, resource=resource, defaults=values)
        _audit(actor, on=True)


def turn_off(tenant_id: uuid.UUID, actor: Actor) -> None:
    """Have the subscriptions deleted at Microsoft, within seconds; what still arrives means nothing any more."""
    with database.writer(tenant_id):
        if not is_on():
            return
        Subscription.objects.update(unwanted=True, next_at=clock.now(), woken_at=None, secret_hash="")
        _audit(actor, on=False)


def _audit(actor: Actor, *, on: bool) -> None:
    target = Target("connector", CONNECTOR, "Change notifications")
    changes = [change("enabled", not on, on)]
    emit(Draft("connector.settings_changed", actor=actor, target=target, changes=changes))
