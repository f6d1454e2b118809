"""`vedette tenant disconnect`, `reconnect` and `remove`: what reaches further than the account's own layer (A7)."""

import sys
import time
from typing import Final, NoReturn
from uuid import UUID

import click
import psycopg

from vedette.compliance import disconnect as leaving
from vedette.compliance.lifecycle import Refused
from vedette.connectors import withdrawal
from vedette.foundation import config, database
from vedette.tenants import accounts
from vedette.tenants.accounts import OPERATOR
from vedette.tenants.cli import tenant
from vedette.tenants.models import Tenant

__all__ = ["tenant"]

REFUSED: Final = 1
INVALID: Final = 2
NOT_DONE: Final = 3
_LOOK_SECONDS: Final = 1.0


@tenant.command("disconnect")
@click.argument("key", metavar="TENANT")
@click.option("--name", required=True, help="The tenant's name, typed out, so that it is the right one.")
@click.option("--wait", type=int, default=0, help="Seconds to wait for the worker to withdraw everything.")
@click.option("--force", is_flag=True, help="After waiting, finish although values are left at Microsoft.")
def disconnect(key: str, *, name: str, wait: int, force: bool) -> None:
    """Withdraw everything that was written to Microsoft, then end the connection.

    A worker must run: it withdraws. Exit codes: 0 done or under way, 1 refused, 2 a value is wrong, 3 values
    are left.
    """
    found = _find(key)
    with database.tenant(found.id):
        for row in withdrawal.written():
            click.echo(f"{row.devices:>6}  {row.route}  {row.place}  {row.value}")
    try:
        if found.status != Tenant.Status.DISCONNECTING:
            leaving.begin(found.id, name, OPERATOR)
    except Refused as error:
        _fail(str(error), REFUSED)
    until = time.monotonic() + wait
    while _status(found.id) == Tenant.Status.DISCONNECTING and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    with database.tenant(found.id):
        left = withdrawal.remaining()
    if force and _status(found.id) == Tenant.Status.DISCONNECTING:
        leaving.finish(found.id, OPERATOR, left)
    status = _status(found.id)
    click.echo(f"“{found.name}” is {status}; {left} values are still to be withdrawn.")
    if left and (wait or force):
        sys.exit(NOT_DONE)


@tenant.command("reconnect")
@click.argument("key", metavar="TENANT")
def reconnect(key: str) -> None:
    """Let a disconnected tenant connect again: a Global Administrator consents anew; it begins by watching."""
    found = _find(key)
    try:
        leaving.reconnect(found.id, OPERATOR)
    except Refused as error:
        _fail(str(error), REFUSED)
    click.echo(f"“{found.name}” waits for consent. Send the link: vedette tenant invite {found.id}")


@tenant.command("remove")
@click.argument("key", metavar="TENANT")
@click.option("--name", required=True, help="The tenant's name, typed out, so that it is the right one.")
def remove(key: str, *, name: str) -> None:
    """Delete a disconnected tenant with everything kept of it, its audit trail too. Nothing brings it back.

    Connects as the owner (VEDETTE_MIGRATE_URL): the service itself has no right to do this.
    """
    found = _find(key)
    if found.status != Tenant.Status.DISCONNECTED:
        _fail(f"“{found.name}” is not disconnected. First: vedette tenant disconnect {found.id}", REFUSED)
    if name.strip() != found.name:
        _fail(f"That is not its name. Give --name “{found.name}”.", INVALID)
    address = config.current().migrate_url
    if not address:
        _fail("VEDETTE_MIGRATE_URL is not set: the address of the role that owns the tables.", INVALID)
    with psycopg.connect(address) as owner:
        # Events outlive their tenant by design of the log; whoever removes it all removes them too.
        owner.execute("delete from events_event where tenant_id = %s", [found.id])
        owner.execute("delete from events_eventhead where tenant_id = %s", [found.id])
        owner.execute("delete from tenants_tenant where id = %s", [found.id])
    click.echo(f"“{found.name}” is removed.")


def _status(tenant_id: UUID) -> str:
    with database.system():
        return str(Tenant.objects.values_list("status", flat=True).get(id=tenant_id))


def _find(key: str) -> Tenant:
    try:
        found = accounts.find(UUID(key))
    except ValueError:
        _fail(f"{key!r} is not a GUID. Give the account's ID or its Entra tenant ID.", INVALID)
    if found is None:
        _fail(f"There is no account {key}. “vedette tenant list” shows all.", REFUSED)
    return found


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
