"""A change-notification subscription as Graph keeps it (microsoft.md 2.11)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from vedette_lab.change_log import Kind

LONGEST: Final = timedelta(minutes=41_760)
"""Of subscriptions to users and groups."""
SHORTEST: Final = timedelta(minutes=45)
"""A shorter one is lengthened to this (subscription.expirationDateTime in Graph's metadata)."""
MOST_CLIENT_STATE: Final = 128
RESOURCES: Final[dict[str, Kind]] = {"users": "users", "groups": "groups"}
"""What this lab tells of; devices have no change notifications in the documentation that was read."""
CHANGES: Final = frozenset({"updated", "deleted"})


@dataclass(slots=True, eq=False)
class Subscription:
    """One subscription; `position` is how far in the log of its kind it has been told."""

    id: str
    app_id: str
    creator_id: str
    resource: str
    changes: tuple[str, ...]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires: datetime
    position: int
    paused: bool = False
    """Between `reauthorizationRequired` and the new authorisation nothing is told."""
    lifecycle: list[str] = field(default_factory=list)
    """Lifecycle events that are still to be told."""
    failures: int = 0

    @property
    def kind(self) -> Kind:
        """Return the log that the subscription follows."""
        return RESOURCES[self.resource]
