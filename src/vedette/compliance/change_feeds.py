"""Changes of feeds by administrators: what the feeds' own functions do, and who did it, in the tenant's audit trail."""

from uuid import UUID

from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.feeds import fetch, store
from vedette.feeds.catalogue import PublicFeed
from vedette.foundation import database


def subscribe(tenant_id: UUID, public: PublicFeed, actor: Actor) -> None:
    """Begin to fetch a public feed. Raises store.FeedError."""
    fetch.subscribe_public(public)
    _audit(tenant_id, "feed.subscribed", public.name, "address", None, public.address, actor)


def refresh(tenant_id: UUID, name: str, actor: Actor) -> None:
    """Have a feed looked for at the next tick. Raises store.FeedError."""
    fetch.refresh(name)
    _audit(tenant_id, "feed.refreshed", name, "requested", None, "now", actor)


def unsubscribe(tenant_id: UUID, name: str, actor: Actor) -> None:
    """Fetch a feed no more. Raises store.FeedError."""
    fetch.unsubscribe(name)
    _audit(tenant_id, "feed.unsubscribed", name, "enabled", "true", "false", actor)


def roll_back(tenant_id: UUID, name: str, actor: Actor) -> None:
    """Put the version before in force. Raises store.FeedError."""
    before = next((status.active for status in store.status() if status.name == name), None)
    done = store.roll_back(name)
    _audit(tenant_id, "feed.rolled_back", name, "version", before, done.number, actor)


def _audit(
    tenant_id: UUID, action: str, name: str, attribute: str, before: object, after: object, actor: Actor
) -> None:
    with database.writer(tenant_id):
        emit(
            Draft(
                action,
                actor=actor,
                target=Target("feed", "", name),
                changes=[change(attribute, before, after)],
            )
        )
