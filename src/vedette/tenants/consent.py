"""Whether consent took effect, and what follows when it did (A4; reference/microsoft.md 3.1).

Entra's answer in the browser proves nothing. Consent counts when an app-only token for the tenant of the
signed-in administrator is issued *and* the directory can be read with it. Consent takes seconds to minutes to
spread: the page asks again and again, each time once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from vedette.events import log
from vedette.foundation import clock, config, database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.foundation.registration import Registration
from vedette.tenants import accounts, people, registrations, signals
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.openid.tokens import Person

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
"""Role template ID (microsoft.md 3.4)."""
PATIENCE: Final = timedelta(minutes=10)

HANDED_OVER: Final = "handed-over"
"""State of a consent link that was handed to somebody else: nothing waits for its answer in their browser."""

ONE_TRY: Final = Patience(attempts=1, seconds=1.0)
"""The page asks again by itself, so a request never waits."""

StepName = Literal["token", "directory", "full", "restricted"]
StepState = Literal["done", "missing", "current", "waiting"]


@dataclass(frozen=True)
class Group:
    """One of the console's groups as the directory knows it; `name` is None when it does not."""

    id: UUID
    name: str | None


@dataclass(frozen=True)
class Progress:
    """How far one look got. `failure` is what stopped it; it is tried again unless `final`."""

    steps: Sequence[tuple[StepName, StepState]]
    groups: Sequence[Group] = ()
    failure: GraphError | TokenError | None = None

    @property
    def complete(self) -> bool:
        """Tell whether consent is proven and the groups were looked up, found or not."""
        return self.failure is None

    @property
    def missing(self) -> list[Group]:
        """Return the groups that the directory does not hold."""
        return [group for group in self.groups if group.name is None]


@dataclass
class _Look:
    """One pass over the steps; each either succeeds or ends the pass."""

    graph: Graph
    tenant: Tenant
    oid: UUID
    groups: list[Group] = field(default_factory=list)

    def token(self) -> None:
        self.graph.fresh_token()

    def directory(self) -> None:
        """Read the three kinds of thing that every profile needs: people, devices and (next) groups."""
        self.graph.get(f"/users/{self.oid}", select="id")
        self.graph.get("/devices", select="id", top=1)

    def full(self) -> None:
        self.groups.append(find_group(self.graph, self.tenant.full_group_id))

    def restricted(self) -> None:
        if self.tenant.restricted_group_id:
            self.groups.append(find_group(self.graph, self.tenant.restricted_group_id))


def step_names(tenant: Tenant) -> list[StepName]:
    """Return the steps in order; without a restricted group there are three."""
    names: list[StepName] = ["token", "directory", "full"]
    return [*names, "restricted"] if tenant.restricted_group_id else names


def look(tenant: Tenant, oid: UUID) -> Progress:
    """Try each step once, in order, and say how far it went."""
    pass_ = _Look(Graph(tenant.entra_tenant_id, patience=ONE_TRY), tenant, oid)
    names = step_names(tenant)
    states: dict[StepName, StepState] = dict.fromkeys(names, "waiting")
    for name in names:
        try:
            getattr(pass_, name)()
        except (GraphError, TokenError) as failure:
            states[name] = "current"
            return Progress(list(states.items()), pass_.groups, failure)
        found = name in {"token", "directory"} or pass_.groups[-1].name is not None
        states[name] = "done" if found else "missing"
    return Progress(list(states.items()), pass_.groups)


def find_group(graph: Graph, group_id: UUID) -> Group:
    """Look a group up by its ID. Raises GraphError (other than not found) and TokenError."""
    try:
        answer = graph.get(f"/groups/{group_id}", select="id,displayName")
    except GraphError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return Group(group_id, None)
        raise
    return Group(group_id, str(answer.get("displayName") or group_id))


def address(tenant: Tenant, state: str, used: Registration | None = None) -> str:
    """Return Entra's consent page for exactly this tenant (microsoft.md 3.1, v2); for what is in force, or `used`.

    It asks for what the registration lists, no less and no more: `.default` is the only scope by which
    application permissions can be asked for.
    """
    asked = used or registrations.of(tenant)
    query = {
        "client_id": asked.client_id,
        "scope": f"{asked.graph_url}/.default",
        "redirect_uri": redirect_uri(),
        "state": state,
    }
    return f"{asked.login_url}/{tenant.entra_tenant_id}/v2.0/adminconsent?{urlencode(query)}"


def link(tenant: Tenant, used: Registration | None = None) -> str:
    """Return the consent page for whoever can grant: their answer comes back to a page that thanks them."""
    return address(tenant, HANDED_OVER, used)


def redirect_uri() -> str:
    """Return where Entra sends people back to after consent; registered with the application."""
    return f"{config.current().public_url}/consent/callback"


def is_global_administrator(person: Person) -> bool:
    """Tell whether the token shows the role; tokens without role claims are told apart by `carries_roles`."""
    return person.wids is not None and GLOBAL_ADMINISTRATOR in person.wids


def carries_roles(person: Person) -> bool:
    """Tell whether the token says anything about directory roles.

    With `groupMembershipClaims: DirectoryRole` even a person without a role has a placeholder in `wids`.
    """
    return bool(person.wids)


def complete(tenant: Tenant, person: Person, progress: Progress) -> tuple[Administrator | None, bool]:
    """Record a proven consent: `tenant_consented`, audit events and the person's row, in one transaction.

    Returns the administrator and True at the first consent, which lets this person in without a group. A
    consent given again changes nothing about access: then the groups decide, and there is no administrator.
    """
    names = {group.id: group.name or "" for group in progress.groups}
    with database.writer(tenant.id):
        row = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        first = row.status != Tenant.Status.CONSENTED
        row.full_group_name = names.get(row.full_group_id, "")
        row.restricted_group_name = names.get(row.restricted_group_id, "") if row.restricted_group_id else ""
        row.status, row.consented_at, row.consented_by = Tenant.Status.CONSENTED, clock.now(), person.upn
        row.save()
        administrator = _first_administrator(row, person) if first else None
        _tell(row, person, administrator, progress)
        if first:
            signals.tenant_consented.send(sender=Tenant, tenant=row)
    return administrator, first


def _first_administrator(tenant: Tenant, person: Person) -> Administrator:
    return people.upsert(tenant, person, Administrator.Access.FULL, consenting=True)


def _tell(tenant: Tenant, person: Person, administrator: Administrator | None, progress: Progress) -> None:
    by = people.actor(administrator) if administrator else log.Actor("ADMIN", "", person.upn)
    missing = [str(group.id) for group in progress.missing]
    detail: dict[str, Any] = {"missing_groups": missing} if missing else {}
    action = "tenant.consented" if administrator else "tenant.consent_renewed"
    drafts = [log.Draft(action, actor=by, target=accounts.target(tenant), detail=detail)]
    if administrator:
        drafts.append(
            log.Draft(
                "administrator.signed_in",
                change_type="LOGIN",
                actor=by,
                target=people.target(administrator),
                detail={"access": str(administrator.access), "first": True},
            )
        )
    log.emit_all(drafts)
