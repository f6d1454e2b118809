"""Migrations run as the owner of the tables, on a connection of their own."""

from django.core.management import call_command
from django.db import connections

from vedette.foundation import config

ALIAS = "owner"
# A migration that waits for a lock longer than this fails instead of stopping the service behind it.
LOCK_TIMEOUT = "4s"


def migrate(url: str | None = None) -> None:
    """Apply all migrations. Raises ConfigError when the owner's address is missing."""
    address = url or config.current().migrate_url
    if not address:
        raise config.ConfigError(
            "VEDETTE_MIGRATE_URL is not set: the address of the role that owns the tables."
        )
    settings = config.django_database(address)
    settings["OPTIONS"]["options"] = f"-c lock_timeout={LOCK_TIMEOUT}"
    connections.databases[ALIAS] = connections["default"].settings_dict | settings
    try:
        call_command("migrate", database=ALIAS, interactive=False, verbosity=0)
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]
