"""Sessions in the database, reached through the system's door: a session precedes knowing the tenant."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db

from vedette.foundation import database


class SessionStore(db.SessionStore):
    """Django's store; each access to the table opens the door for itself, outside a tenant's door."""

    def load(self) -> dict[str, Any]:
        """Read the session's data; empty when there is none or it has expired."""
        with database.system():
            return super().load()

    def exists(self, session_key: str) -> bool:
        """Tell whether a session has this key."""
        with database.system():
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Write the session."""
        with database.system():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Remove a session."""
        with database.system():
            super().delete(session_key)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the sessions that have expired; the worker calls it daily."""
        with database.system():
            super().clear_expired()
