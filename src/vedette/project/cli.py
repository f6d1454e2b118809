"""The command `vedette`. Groups of the layers are loaded when they are called: `--help` stays quick."""

import importlib
import os
import sys
from typing import Any

import click

from vedette.foundation import config
from vedette.project import environment

LAZY = {
    "serve": "vedette.project.commands:serve",
    "worker": "vedette.project.commands:worker",
    "migrate": "vedette.project.commands:migrate",
    "makemigrations": "vedette.project.commands:makemigrations",
    "doctor": "vedette.project.doctor:doctor",
    "demo": "vedette.project.demo.command:demo",
    "clock": "vedette.project.demo.clock_command:clock",
    "operator": "vedette.tenants.cli:operator",
    "tenant": "vedette.project.tenant_commands:tenant",
    "key": "vedette.tenants.key_cli:key",
    "intel": "vedette.feeds.cli:intel",
    "evaluate": "vedette.project.evaluate:evaluate",
    "scan": "vedette.project.scan:command",
    "audit": "vedette.project.commands:audit",
}
# These look after their own environment; all others get a database and Django first.
BARE = {"clock", "demo", "evaluate", "makemigrations", "doctor", "scan"}
ASKS_FOR_HELP = {"-h", "--help"}


class Commands(click.Group):
    """Find a command by name and import it only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name all commands."""
        return sorted(LAZY)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import one command; its models are only importable once Django is awake."""
        if cmd_name not in LAZY:
            return None
        if cmd_name not in BARE:
            environment.wake()
        module, _, name = LAZY[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is to run; before it is imported its database is there."""
        if args and args[0] in LAZY.keys() - BARE and not ASKS_FOR_HELP & set(args):
            ctx.with_resource(environment.database())
        return super().resolve_command(ctx, args)


def _use_demo(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    """Take the running demo's variables, before any command is looked for."""
    if not wanted or ctx.resilient_parsing:
        return
    variables = environment.demo_variables(config.load().home)
    if not variables:
        raise click.ClickException("No demo is running. Start it with `make demo`.")
    os.environ.update(variables)


@click.command(cls=Commands, context_settings={"help_option_names": sorted(ASKS_FOR_HELP)})
@click.option(
    "--demo",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_use_demo,
    help="Work on the running demo instead of VEDETTE_HOME.",
)
@click.version_option(package_name="vedette")
def vedette() -> None:
    """Mobile threat defense bound to your Microsoft Entra tenant."""


def main(*args: Any) -> None:
    """Run the command line; what is wrong with settings or database is said in a sentence, exit code 2."""
    try:
        vedette(*args)
    except config.ConfigError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except Exception as error:
        reason = _wrong_with_database(error)
        if reason is None:
            raise
        click.echo(f"Error: {reason}", err=True)
        sys.exit(2)


def _wrong_with_database(error: Exception) -> str | None:
    """Say what the operator can mend at the database; None for everything else, which is a fault of ours."""
    import psycopg  # noqa: PLC0415 - `--help` stays quick
    from django.db.utils import OperationalError  # noqa: PLC0415 - as above

    if isinstance(error.__cause__, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return "The database's tables are missing or older than this program: run `vedette migrate`."
    if isinstance(error, OperationalError | psycopg.OperationalError):
        first_line = str(error).partition("\n")[0]
        return f"The database could not be used: {first_line}. `vedette doctor` says more."
    return None
