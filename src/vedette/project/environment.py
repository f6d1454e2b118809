"""What every command does first: find the database, then wake Django."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import django

from vedette.foundation import config

SETTINGS = "vedette.project.settings"


def demo_variables(home: Path) -> dict[str, str]:
    """Read the variables the running demo wrote for other terminals; empty when no demo runs."""
    from vedette.project.demo import lock  # noqa: PLC0415 - only for --demo

    path = home / "demo" / "env"
    if not lock.is_running(home / "demo") or not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in lines}


def wake() -> None:
    """Set Django up; needs no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Make the database reachable and Django ready.

    With `DATABASE_URL` that server is used; without it the embedded PostgreSQL of `VEDETTE_HOME` runs for as
    long as any command holds it.
    """
    with contextlib.ExitStack() as stack:
        if not os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_URL_FILE"):
            from vedette.foundation import postgres  # noqa: PLC0415 - only where no server is given

            server = stack.enter_context(postgres.acquire(config.load().home))
            os.environ["DATABASE_URL"] = server.login_url
            os.environ["VEDETTE_MIGRATE_URL"] = server.owner_url
        config.current.cache_clear()
        wake()
        yield
