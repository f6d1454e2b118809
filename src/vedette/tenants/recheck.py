"""Whether a running session may go on: access is confirmed by a live look at the groups (A5).

At least every 15 minutes; while Microsoft does not answer, what was last confirmed holds for an hour at most.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib.sessions.backends.base import SessionBase

from vedette.foundation import clock
from vedette.foundation.graph import GraphError, TokenError
from vedette.tenants import console_session, membership, people
from vedette.tenants.console_session import Holder
from vedette.tenants.models import Administrator, Tenant

EVERY: Final = timedelta(minutes=15)
AT_MOST: Final = timedelta(hours=1)
RETRY: Final = timedelta(minutes=1)


class UnconfirmedError(Exception):
    """Microsoft has not confirmed the person's access for an hour; `cause` says why."""

    def __init__(self, cause: GraphError | TokenError) -> None:
        """Keep what Microsoft said."""
        super().__init__(str(cause))
        self.cause = cause


def due(holder: Holder) -> bool:
    """Tell whether access has to be confirmed before the session is used.

    The session that gave consent needs no group (A4). A time in the future means that the clock was moved.
    """
    now = clock.now()
    age, since_try = now - holder.checked_at, now - holder.tried_at
    if holder.first or timedelta() <= age < EVERY:
        return False
    return age >= AT_MOST or not timedelta() <= since_try < RETRY


def confirm(session: SessionBase, holder: Holder, tenant: Tenant, administrator: Administrator) -> bool:
    """Ask Graph for the person's groups, outside of any transaction; False when the session has to end.

    Raises UnconfirmedError when nobody can be let in any longer on what was last confirmed.
    """
    try:
        access = membership.check(tenant, administrator.oid)
    except (GraphError, TokenError) as error:
        console_session.tried(session)
        if clock.now() - holder.checked_at >= AT_MOST:
            raise UnconfirmedError(error) from error
        return True
    if access is None:
        people.refused(tenant, administrator.oid, administrator.upn, "no longer in a group")
        return False
    people.access_changed(administrator, access)
    console_session.checked(session)
    return True
