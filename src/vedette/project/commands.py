"""Commands that run the service itself."""

import os
import sys
import warnings

import click
from django.core.management import call_command

from vedette.foundation import config
from vedette.project import environment


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port; default VEDETTE_PORT.")
def serve(host: str, port: int | None) -> None:
    """Serve the console, the phone pages and the device API."""
    from vedette.project import server  # noqa: PLC0415 - pulls in uvicorn, which no other command needs

    server.run(host, port or config.current().port)


@click.command()
def worker() -> None:
    """Assess reports, deliver states and mail, poll the directory, send heartbeats."""
    from vedette.project import worker as loop  # noqa: PLC0415 - imports every connector

    sys.exit(loop.run())


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date (connects as the owner: VEDETTE_MIGRATE_URL)."""
    from vedette.project import migrations  # noqa: PLC0415 - opens a second connection

    migrations.migrate()
    click.echo("The database is up to date.")


@click.command(hidden=True)
@click.option("--check", is_flag=True)
@click.option("--dry-run", is_flag=True)
def makemigrations(*, check: bool, dry_run: bool) -> None:
    """Write migrations for changed models; needs no database."""
    # Django wants an address even where it only compares files; nobody listens at this one.
    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    environment.wake()
    warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
    call_command("makemigrations", check_changes=check, dry_run=dry_run, verbosity=1 if dry_run else 2)


@click.group()
def audit() -> None:
    """Check the audit trail."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, as_json: bool) -> None:
    """Check the hash chain of every tenant and that no event is missing or added. Exit 0 unbroken, 1 broken."""
    import json  # noqa: PLC0415 - small and local

    from vedette.events.chain import SENTENCES  # noqa: PLC0415 - needs Django awake
    from vedette.project.audit import verify_all  # noqa: PLC0415 - needs Django awake

    results = verify_all()
    for name, result in results.items():
        sentence = "unbroken"
        if result.fault:
            sentence = f"BROKEN at position {result.broken_at}: {SENTENCES[result.fault]}"
        if not as_json:
            click.echo(f"{name}: {result.rows} audit events, {sentence}")
    if as_json:
        click.echo(json.dumps({name: vars(result) for name, result in results.items()}, indent=2))
    sys.exit(1 if any(result.broken_at is not None for result in results.values()) else 0)
