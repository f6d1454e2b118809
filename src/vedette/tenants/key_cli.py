"""`vedette key`: application keys from the command line."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Final, NoReturn
from uuid import UUID

import click

from vedette.foundation import clock, database
from vedette.tenants import accounts, application_keys
from vedette.tenants.accounts import OPERATOR
from vedette.tenants.application_keys import AddressError, Scope, Wish
from vedette.tenants.models import ApplicationKey, Tenant

REFUSED: Final = 1
INVALID: Final = 2

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def key() -> None:
    """Make, list and revoke application keys, by which other programs read a tenant's data."""


@key.command("create")
@click.argument("tenant", metavar="TENANT")
@click.option("--label", required=True, help="Which program uses it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="What it may do; several times for several. Default: risk.read and events.read.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires. Default: never.")
@click.option("--address", "addresses", multiple=True, help="IP address or network it may call from.")
@as_json_option
def create(
    tenant: str,
    *,
    label: str,
    scopes: tuple[str, ...],
    days: int | None,
    addresses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a key and print it: this is the only time it is shown."""
    found = _tenant(tenant)
    try:
        networks = application_keys.read_addresses(" ".join(addresses))
    except AddressError as error:
        _fail(f"“{error}” is no IP address and no network. Write 192.0.2.7 or 192.0.2.0/24.", INVALID)
    wish = Wish(
        label=label,
        scopes=[Scope(scope) for scope in scopes] or [Scope.RISK, Scope.EVENTS],
        expires_at=clock.now() + timedelta(days=days) if days else None,
        addresses=networks,
    )
    with database.writer(found.id):
        issued = application_keys.create(wish, OPERATOR)
    if as_json:
        _print({**application_keys.as_json(issued.row, clock.now()), "key": issued.key})
    else:
        click.echo(issued.key)
        click.echo("Keep it now: only its hash is stored.", err=True)


@key.command("list")
@click.argument("tenant", metavar="TENANT")
@as_json_option
def list_keys(tenant: str, *, as_json: bool) -> None:
    """List a tenant's keys, newest first."""
    found, now = _tenant(tenant), clock.now()
    with database.tenant(found.id):
        rows = [application_keys.as_json(row, now) for row in ApplicationKey.objects.order_by("-created_at")]
    if as_json:
        _print(rows)
        return
    for row in rows:
        used = row["last_used_at"] or "never"
        click.echo(f"{row['id']}  {row['prefix']}  {row['status']:<8} last used {used}  {row['label']}")


@key.command("revoke")
@click.argument("tenant", metavar="TENANT")
@click.argument("key_id", metavar="KEY", type=click.UUID)
def revoke(tenant: str, key_id: UUID) -> None:
    """Make a key and all its tokens worthless at once."""
    found = _tenant(tenant)
    with database.writer(found.id):
        row = ApplicationKey.objects.filter(id=key_id).first()
        if row is None:
            _fail(f"This tenant has no key {key_id}. “vedette key list {found.id}” shows all.", REFUSED)
        revoked = application_keys.revoke(row, OPERATOR)
    click.echo(f"{row.label}: {'revoked' if revoked else 'was revoked already'}.")


def _tenant(text: str) -> Tenant:
    try:
        found = accounts.find(UUID(text))
    except ValueError:
        _fail(f"{text!r} is not a GUID. Give the account's ID or its Entra tenant ID.", INVALID)
    if found is None:
        _fail(f"There is no account {text}. “vedette tenant list” shows all.", REFUSED)
    return found


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def _print(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
