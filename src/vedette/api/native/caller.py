"""Who asks: a program with an application key, or an administrator with the session of the console.

A session acts under the matrix of roles, as on the console's pages, and only from the console's own origin: a page of
somebody else can make a browser send its cookie, but not say that it comes from there (OWASP, CSRF: verifying origin).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from vedette.api.application_keys import Caller, KeyRefusedError, KeyRing
from vedette.api.http import Request
from vedette.api.native.problems import Problem
from vedette.api.threads import Threads
from vedette.events.log import Actor
from vedette.events.models import Event
from vedette.foundation import database
from vedette.tenants import access, application_keys, console_session, matrix, people, recheck
from vedette.tenants.access import MODULE_NAMES
from vedette.tenants.application_keys import Scope
from vedette.tenants.matrix import Module, Right
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.sessions import SessionStore

SIGN_IN_AGAIN: Final = "Sign in to the console again."


class Wanted(Protocol):
    """What a route asks for."""

    @property
    def scope(self) -> Scope:
        """Of an application key."""

    @property
    def module(self) -> Module:
        """Of the matrix, for a session."""

    @property
    def right(self) -> Right:
        """On the module."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""


@dataclass(frozen=True)
class Who:
    """Somebody known: `id` is of the key or of the administrator; `administrator` is None for a key."""

    tenant_id: UUID
    id: UUID
    actor: Actor
    scopes: frozenset[str] = frozenset()
    administrator: Administrator | None = None

    @property
    def own_audit_only(self) -> bool:
        """Whether the audit trail shows only what this person did."""
        return self.administrator is not None and access.own_activity_only(self.administrator)

    def demand(self, wanted: Wanted) -> None:
        """Raise Problem when this is not for them."""
        if self.administrator is None:
            if wanted.scope not in self.scopes:
                raise Problem("scope", f"This key lacks the scope {wanted.scope}.", scope=str(wanted.scope))
            return
        level: matrix.Level = (
            "full" if self.administrator.access == Administrator.Access.FULL else "restricted"
        )
        if not matrix.allows(level, wanted.module, wanted.right):
            raise Problem(
                "access",
                f"Signed in as {self.administrator.upn} with {level} access, which does not include to"
                f" {wanted.right} “{MODULE_NAMES[wanted.module]}”.",
            )


def of_key(caller: Caller) -> Who:
    """Return a program with a key; in the audit trail it acts under its label."""
    actor = Actor(Event.Actor.SYSTEM, str(caller.key_id), caller.name)
    return Who(caller.tenant_id, caller.key_id, actor, caller.scopes)


class Doorman:
    """Finds out who sends a request."""

    def __init__(self, keys: KeyRing, threads: Threads) -> None:
        self._keys = keys
        self._threads = threads

    async def ask(self, request: Request, wanted: Wanted) -> Who:
        """Return who it is, if this is for them. Raises Problem."""
        if request.header(b"authorization"):
            who = of_key(await self._caller(request))
        else:
            session_key = _cookies(request).get(settings.SESSION_COOKIE_NAME, "")
            if not session_key:
                raise Problem("unauthenticated", "The request carries neither a key nor a session.")
            if not wanted.reads:
                refuse_other_origins(request)
            who = await self._threads.run(of_session, session_key)
        who.demand(wanted)
        return who

    async def _caller(self, request: Request) -> Caller:
        text = request.bearer
        try:
            if application_keys.looks_like_key(text):
                return await self._keys.by_key(text, request.address)
            async with self._keys.door(self._keys.token(text), request.address) as (known, _connection):
                return known
        except KeyRefusedError as refused:
            code = "address" if refused.code == "address" else "unauthenticated"
            raise Problem(code, refused.message) from None


def refuse_other_origins(request: Request) -> None:
    """Raise Problem unless the request says that it comes from the console's own pages."""
    origin = request.header(b"origin")
    wanted = urlsplit(settings.PUBLIC_URL)
    site = request.header(b"sec-fetch-site")
    if origin != f"{wanted.scheme}://{wanted.netloc}" or site not in {"", "same-origin"}:
        told = (
            f"The request comes from “{origin[:200]}”."
            if origin
            else "The request does not say where it comes from."
        )
        raise Problem("cross_site", told)


def of_session(session_key: str) -> Who:
    """Return whose session it is; access is confirmed where that is due (requirement A5). Raises Problem."""
    session = SessionStore(session_key)
    holder = console_session.holder(session)
    if holder is None:
        raise _gone("The session has ended.")
    tenant, administrator = _people(holder.tenant_id, holder.administrator_id)
    if recheck.due(holder):
        try:
            kept = recheck.confirm(session, holder, tenant, administrator)
        except recheck.UnconfirmedError as error:
            raise Problem(
                "unavailable", f"Microsoft could not confirm your access for an hour: {error.cause}"
            ) from error
        if not kept:
            session.flush()
            raise _gone("You are in no group with access to the console any more.")
        session.save()
    if tenant.status == Tenant.Status.DISCONNECTED:
        raise _gone("The organisation is disconnected.")
    return Who(tenant.id, administrator.id, people.actor(administrator), administrator=administrator)


def _people(tenant_id: UUID, administrator_id: UUID) -> tuple[Tenant, Administrator]:
    with database.tenant(tenant_id):
        found = people.read(tenant_id, administrator_id)
    if found is None:
        raise _gone("Your account here is gone.")
    return found


def _gone(why: str) -> Problem:
    return Problem("unauthenticated", why, next_step=SIGN_IN_AGAIN)


def _cookies(request: Request) -> Mapping[str, str]:
    try:
        parsed = SimpleCookie(request.header(b"cookie"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in parsed.items()}
