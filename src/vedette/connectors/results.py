"""What came of telling another system about one device."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What came of one delivery. ``status`` is a Delivery.Status.

    DUE with an error code asks for another try after a back-off, DUE without one gives the delivery back
    untouched; neither comes again sooner than ``retry_after`` seconds. DROPPED: there was nothing to do any more.
    ``place`` None leaves it as it is, empty clears it.
    ``held``: nothing was sent because the limiter or the open circuit holds all calls of the tenant back.
    """

    delivery_id: uuid.UUID
    generation: int
    status: str
    value: str | None = None
    place: str | None = None
    before: str | None = None
    request_id: str = ""
    error_code: str = ""
    error: str = ""
    retry_after: float | None = None
    held: bool = False
