"""`vedette operator` and `vedette tenant`: accounts from the command line (A1, A2, A7)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

import click

from vedette.foundation import certificates, clock
from vedette.foundation.graph import Graph, GraphError, TokenError
from vedette.tenants import accounts, consent, invitation, operator_links
from vedette.tenants.forms import AccountForm, GroupsForm
from vedette.tenants.models import Tenant

REFUSED: Final = 1
INVALID: Final = 2
NOT_MAILED: Final = 3

OPTION_OF: Final = {
    "entra_tenant_id": "--entra-tenant-id",
    "full_group_id": "--full-group",
    "restricted_group_id": "--restricted-group",
    "primary_contact": "--contact",
    "name": "--name",
    "language": "--language",
}

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, also for errors.")


@click.group()
def operator() -> None:
    """Open the operator's page; make what it needs."""


@operator.command("link")
@as_json_option
def operator_link(*, as_json: bool) -> None:
    """Print a link that opens the operator's page once, within 30 minutes."""
    url = operator_links.make()
    expires = (clock.now() + operator_links.LENGTH).isoformat(timespec="seconds")
    if as_json:
        _print({"url": url, "expires_at": expires})
        return
    click.echo(url)
    click.echo("It opens the operator's page once, within the next 30 minutes.", err=True)


@operator.command("certificate")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to write to (the present one).",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it is good."
)
@click.option("--name", default="Vedette", show_default=True, help="Its name, as Entra shows it.")
def operator_certificate(out: Path, days: int, name: str) -> None:
    """Make a key and a certificate for the installation's registration at Entra.

    Nothing that exists is written over. Exit 0 done, 2 a file is there already or cannot be written.
    """
    pair = certificates.make(name, days)
    files = {out / "vedette-key.pem": pair.key, out / "vedette.cer": pair.certificate}
    for path, content in files.items():
        try:
            out.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(content)
        except OSError as error:
            click.echo(
                f"{path} cannot be written: {error.strerror}. Choose another folder with --out.", err=True
            )
            sys.exit(INVALID)
    key, certificate = files
    click.echo(
        f"Upload {certificate} in Entra (thumbprint {certificates.facts(pair.certificate).thumbprint})."
    )
    click.echo(f"VEDETTE_CLIENT_CERTIFICATE_FILE={certificate.absolute()}")
    click.echo(f"VEDETTE_CLIENT_KEY_FILE={key.absolute()}")


@click.group()
def tenant() -> None:
    """Make, list and mend accounts of organisations.

    Exit codes: 0 done, 1 refused (exists already, not found), 2 a value is wrong, 3 the account was made but
    the e-mail did not leave.
    """


@tenant.command("create")
@click.option("--entra-tenant-id", required=True, help="Entra admin center > Overview > Tenant ID.")
@click.option("--full-group", required=True, help="Object ID of the group with full console access.")
@click.option("--restricted-group", default="", help="Object ID of the group with restricted access.")
@click.option("--contact", required=True, help="E-mail address of the primary contact; gets the login link.")
@click.option("--name", required=True, help="The organisation as people call it.")
@click.option("--language", default="en", show_default=True, help="Language of the e-mail: en or fr.")
@click.option("--mail/--no-mail", "wants_mail", default=True, help="Send the login link (default) or not.")
@as_json_option
def create(*, wants_mail: bool, as_json: bool, **given: str) -> None:
    """Make an account for one Entra tenant and send the primary contact the login link."""
    form = AccountForm(
        {
            "entra_tenant_id": given["entra_tenant_id"],
            "full_group_id": given["full_group"],
            "restricted_group_id": given["restricted_group"],
            "primary_contact": given["contact"],
            "name": given["name"],
            "language": given["language"],
        }
    )
    _check(form, as_json=as_json)
    try:
        made = accounts.create(form.draft())
    except accounts.AccountExistsError as error:
        _refuse_second(error.tenant, as_json=as_json)
    problem = invitation.send(made) if wants_mail else ""
    if as_json:
        _print({**describe(made), "login_link": invitation.link(made), "mail_error": problem})
    else:
        click.echo(f"Made the account “{made.name}” ({made.id}) for Entra tenant {made.entra_tenant_id}.")
        click.echo(f"Login link for the first sign-in: {invitation.link(made)}")
        if wants_mail and not problem:
            click.echo(f"It was sent to {made.primary_contact}.")
    if problem:
        _warn_unsent(made, problem)


@tenant.command("list")
@as_json_option
def list_tenants(*, as_json: bool) -> None:
    """List the accounts."""
    found = accounts.everything()
    if as_json:
        _print([describe(row) for row in found])
    elif not found:
        click.echo("No accounts yet. Make one with “vedette tenant create”.")
    for row in [] if as_json else found:
        click.echo(f"{row.id}  {row.entra_tenant_id}  {row.status:<13}  {row.mode:<7}  {row.name}")


@tenant.command("show")
@click.argument("key", metavar="TENANT")
@as_json_option
def show(key: str, *, as_json: bool) -> None:
    """Show one account: TENANT is its ID or its Entra tenant ID."""
    found = _find(key, as_json=as_json)
    if as_json:
        _print(describe(found))
        return
    for name, value in describe(found).items():
        click.echo(f"{name + ':':<24}{value if value is not None else ''}")


@tenant.command("set-groups")
@click.argument("key", metavar="TENANT")
@click.option("--full-group", required=True, help="Object ID of the group with full console access.")
@click.option("--restricted-group", help="Object ID of the group with restricted access.")
@click.option("--no-restricted-group", is_flag=True, help="No group has restricted access any longer.")
@as_json_option
def set_groups(
    key: str, *, full_group: str, restricted_group: str | None, no_restricted_group: bool, as_json: bool
) -> None:
    """Put other groups in charge of console access: the way back after a lock-out.

    Without --restricted-group and --no-restricted-group the restricted group stays. Sessions that are running
    are checked against the new groups within 15 minutes.
    """
    found = _find(key, as_json=as_json)
    if restricted_group and no_restricted_group:
        _fail("Give --restricted-group or --no-restricted-group, not both.", code=INVALID, as_json=as_json)
    kept = "" if no_restricted_group or not found.restricted_group_id else str(found.restricted_group_id)
    form = GroupsForm({"full_group_id": full_group, "restricted_group_id": restricted_group or kept})
    _check(form, as_json=as_json)
    full, restricted = form.cleaned_data["full_group_id"], form.cleaned_data["restricted_group_id"]
    names, warnings = _look_up(found, [group for group in (full, restricted) if group])
    changed = accounts.set_groups(found, full, restricted, names)
    for warning in warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        _print({**describe(changed), "warnings": warnings})
    else:
        click.echo(f"Full access: {full} {names.get(full, '')}".rstrip())
        click.echo(f"Restricted access: {restricted or 'nobody'} {names.get(restricted, '')}".rstrip())


@tenant.command("invite")
@click.argument("key", metavar="TENANT")
@as_json_option
def invite(key: str, *, as_json: bool) -> None:
    """Send the primary contact the login link again."""
    found = _find(key, as_json=as_json)
    problem = invitation.send(found)
    if as_json:
        _print({**describe(found), "login_link": invitation.link(found), "mail_error": problem})
    elif not problem:
        click.echo(f"Sent {invitation.link(found)} to {found.primary_contact}.")
    if problem:
        _warn_unsent(found, problem)


def describe(row: Tenant) -> dict[str, Any]:
    """Return an account as JSON shows it; times in ISO 8601, UTC."""
    return {
        "id": str(row.id),
        "entra_tenant_id": str(row.entra_tenant_id),
        "name": row.name,
        "status": str(row.status),
        "mode": str(row.mode),
        "primary_contact": row.primary_contact,
        "full_group_id": str(row.full_group_id),
        "full_group_name": row.full_group_name,
        "restricted_group_id": str(row.restricted_group_id) if row.restricted_group_id else None,
        "restricted_group_name": row.restricted_group_name,
        "created_at": row.created_at.isoformat(),
        "consented_at": row.consented_at.isoformat() if row.consented_at else None,
        "consented_by": row.consented_by,
        "invitation_sent_at": row.invitation_sent_at.isoformat() if row.invitation_sent_at else None,
        "invitation_error": row.invitation_error,
    }


def _look_up(row: Tenant, groups: list[UUID]) -> tuple[dict[UUID, str], list[str]]:
    """Ask Graph for the groups' names; a lock-out is mended also when Graph does not answer."""
    if row.status != Tenant.Status.CONSENTED:
        return {}, []
    graph, names, warnings = Graph(row.entra_tenant_id), dict[UUID, str](), list[str]()
    for group_id in groups:
        try:
            name = consent.find_group(graph, group_id).name
        except (GraphError, TokenError) as error:
            warnings.append(f"The name of {group_id} could not be asked for ({error}); the ID was stored.")
            continue
        if name is None:
            warnings.append(f"The directory holds no group {group_id}: nobody gets in by it. Check the ID.")
        else:
            names[group_id] = name
    return names, warnings


def _find(key: str, *, as_json: bool) -> Tenant:
    try:
        found = accounts.find(UUID(key))
    except ValueError:
        _fail(
            f"{key!r} is not a GUID. Give the account's ID or its Entra tenant ID.",
            code=INVALID,
            as_json=as_json,
        )
    if found is None:
        _fail(f"There is no account {key}. “vedette tenant list” shows all.", code=REFUSED, as_json=as_json)
    return found


def _check(form: GroupsForm, *, as_json: bool) -> None:
    if form.is_valid():
        return
    sentences = [
        f"{OPTION_OF.get(name, name)}: {message}"
        for name, messages in form.errors.items()
        for message in messages
    ]
    _fail("\n".join(sentences), code=INVALID, as_json=as_json)


def _refuse_second(existing: Tenant, *, as_json: bool) -> NoReturn:
    _fail(
        f"Entra tenant {existing.entra_tenant_id} has an account already: “{existing.name}” ({existing.id}, "
        f"{existing.status}). One Entra tenant has one account.\n"
        f"To change its groups: vedette tenant set-groups {existing.id} --full-group OBJECT-ID\n"
        f"To send its login link again: vedette tenant invite {existing.id}",
        code=REFUSED,
        as_json=as_json,
        account=describe(existing),
    )


def _warn_unsent(row: Tenant, problem: str) -> NoReturn:
    click.echo(
        f"The account is kept, but the e-mail to {row.primary_contact} did not leave: {problem}\n"
        f"Check VEDETTE_SMTP_URL, then: vedette tenant invite {row.id}",
        err=True,
    )
    sys.exit(NOT_MAILED)


def _fail(message: str, *, code: int, as_json: bool, **more: Any) -> NoReturn:
    if as_json:
        _print({"error": message, **more})
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def _print(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
