"""The embedded PostgreSQL: one server per `$VEDETTE_HOME`, shared by whoever needs it.

Each client holds a shared lock on `postgres/clients.lock`. The first one starts a watcher
(`python -m vedette.foundation.postgres watch`), a detached process that owns the server and stops it when
nobody holds that lock any more. The kernel drops a lock when its holder dies, however it dies, so no
killed client keeps a server alive. Reference: design.md 3.
"""

from vedette.foundation.postgres.binaries import PostgresError
from vedette.foundation.postgres.client import Server, acquire

__all__ = ["PostgresError", "Server", "acquire"]
