"""What a browser session holds: who is signed in, since when checked, and whether it is the operator's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from vedette.foundation import clock
from vedette.tenants.models import Administrator

LENGTH: Final = timedelta(hours=12)
OPERATOR_LENGTH: Final = timedelta(hours=2)

TENANT: Final = "tenant_id"
ADMINISTRATOR: Final = "administrator_id"
CHECKED: Final = "access_checked_at"
TRIED: Final = "access_tried_at"
FIRST: Final = "first_session"
OPERATOR: Final = "operator_until"
_PERSON: Final = (TENANT, ADMINISTRATOR, CHECKED, TRIED, FIRST)


@dataclass(frozen=True)
class Holder:
    """Whose session it is. `first` marks the one that gave consent: it alone needs no group (A4)."""

    tenant_id: UUID
    administrator_id: UUID
    checked_at: datetime
    tried_at: datetime
    first: bool


def start(request: HttpRequest, administrator: Administrator, *, first: bool = False) -> None:
    """Sign a person in: a new session key (no fixation), a fixed end, a new form secret."""
    session = request.session
    session.cycle_key()
    for name in _PERSON:
        session.pop(name, None)
    session[TENANT] = str(administrator.tenant_id)
    session[ADMINISTRATOR] = str(administrator.id)
    session[FIRST] = first
    # A fixed moment of real time: later writes to the session do not extend it.
    session.set_expiry(datetime.now(UTC) + LENGTH)
    checked(session)
    rotate_token(request)


def holder(session: SessionBase) -> Holder | None:
    """Return whose session it is, or None when nobody has signed in."""
    try:
        return Holder(
            UUID(session[TENANT]),
            UUID(session[ADMINISTRATOR]),
            datetime.fromisoformat(session[CHECKED]),
            datetime.fromisoformat(session[TRIED]),
            bool(session.get(FIRST)),
        )
    except (KeyError, TypeError, ValueError):
        return None


def checked(session: SessionBase) -> None:
    """Note that the person's access was just confirmed."""
    session[CHECKED] = clock.now().isoformat()
    tried(session)


def tried(session: SessionBase) -> None:
    """Note that a confirmation was tried, so that a failing Graph is not asked at each request."""
    session[TRIED] = clock.now().isoformat()


def start_operator(request: HttpRequest) -> None:
    """Open the operator's pages in this browser for a while."""
    request.session.cycle_key()
    request.session[OPERATOR] = (clock.now() + OPERATOR_LENGTH).isoformat()
    rotate_token(request)


def is_operator(request: HttpRequest) -> bool:
    """Tell whether the operator's link was opened in this browser and its time is not over."""
    try:
        return clock.now() < datetime.fromisoformat(request.session[OPERATOR])
    except (KeyError, TypeError, ValueError):
        return False


def group_label(name: str, group_id: UUID | None) -> str:
    """Write a group as people can find it in Entra: its name when known, always its ID."""
    return f"{name} ({group_id})" if name else str(group_id)
