"""A delivery as it was claimed: what a route needs of it, and what comes of it is held against."""

import uuid
from datetime import datetime

import msgspec


class Claimed(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One row of `Delivery`, as of its claim; the names mean what they mean there.

    No model: thousands are claimed in a second, and nothing of them is ever saved.
    """

    id: uuid.UUID
    route: str
    generation: int
    attempts: int
    desired: str
    place: str
    before: str
    error_code: str
    due_at: datetime
    requested_at: datetime
    lease_until: datetime
    sent: str | None = None
    sent_at: datetime | None = None
    device_id: uuid.UUID | None = None
    entra_object_id: uuid.UUID | None = None
    entra_device_id: uuid.UUID | None = None
    owner_oid: uuid.UUID | None = None
    state_change_id: uuid.UUID | None = None

    @property
    def pk(self) -> uuid.UUID:
        """The delivery's key."""
        return self.id


_decoder = msgspec.json.Decoder(list[Claimed])


def read(rows: str) -> list[Claimed]:
    """Read what `deliver_sql.CLAIM` answers."""
    return _decoder.decode(rows)
