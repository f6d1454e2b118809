"""What the worker does for the accounts at night."""

from __future__ import annotations

from vedette.foundation import jobs
from vedette.tenants.sessions import SessionStore


@jobs.periodic(cron="17 3 * * *")
def forget_sessions(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the time over
    """Remove sessions that have ended, also those of sign-ins that nobody finished."""
    SessionStore.clear_expired()
