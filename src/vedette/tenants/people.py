"""The rows of people who have signed in, keyed by `tid` + `oid` and never by a name (microsoft.md 3.3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from vedette.events import log
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.tenants.models import Administrator, Tenant
from vedette.tenants.openid.tokens import Person


def find_tenant(entra_tenant_id: UUID) -> Tenant | None:
    """Return the account of an Entra tenant: precedes knowing the tenant, so through the system's door."""
    with database.system():
        return Tenant.objects.filter(entra_tenant_id=entra_tenant_id).first()


def signed_in(tenant: Tenant, person: Person, access: Administrator.Access, **detail: Any) -> Administrator:
    """Update or make the person's row at a sign-in and write it to the audit trail; opens the writer's door."""
    with database.writer(tenant.id):
        administrator = upsert(tenant, person, access)
        log.emit(
            log.Draft(
                "administrator.signed_in",
                change_type="LOGIN",
                actor=actor(administrator),
                target=target(administrator),
                detail={"access": str(access), **detail},
            )
        )
    return administrator


def upsert(
    tenant: Tenant, person: Person, access: Administrator.Access, *, consenting: bool = False
) -> Administrator:
    """Write the row inside an open writer's door.

    Somebody new has every notification off; the primary contact, and who gave consent, is asked (E5): for
    everybody else the question counts as answered.
    """
    now = clock.now()
    known: dict[str, Any] = {
        "upn": person.upn,
        "display_name": person.name,
        "email": person.email,
        "access": access,
        "last_sign_in_at": now,
    }
    asked = not (consenting or is_primary_contact(tenant, person))
    row, _created = Administrator.objects.update_or_create(
        tenant_id=tenant.id,
        oid=person.oid,
        defaults=known,
        create_defaults={**known, "first_sign_in_at": now, "notifications_asked": asked},
    )
    return row


def is_primary_contact(tenant: Tenant, person: Person) -> bool:
    """Tell whether the names look like the primary contact's; decides only whom to ask, never what is allowed."""
    contact = tenant.primary_contact.casefold()
    return contact in {person.email.casefold(), person.upn.casefold()}


def read(tenant_id: UUID, administrator_id: UUID) -> tuple[Tenant, Administrator] | None:
    """Return account and person inside an open door, or None when either is gone."""
    tenant = Tenant.objects.filter(id=tenant_id).first()
    administrator = Administrator.objects.filter(id=administrator_id).first()
    return (tenant, administrator) if tenant and administrator else None


def refused(tenant: Tenant, oid: UUID, upn: str, reason: str) -> None:
    """Write a refused sign-in to the audit trail."""
    with database.writer(tenant.id):
        log.emit(
            log.Draft(
                "administrator.sign_in_refused",
                change_type="LOGIN",
                actor=log.Actor(Event.Actor.ADMIN, "", upn),
                target=log.Target("administrator", str(oid), upn),
                detail={"reason": reason},
            )
        )


def access_changed(administrator: Administrator, access: Administrator.Access) -> None:
    """Store what a re-check in a running session found, if it is something new."""
    if administrator.access == access:
        return
    before, administrator.access = administrator.access, access
    with database.writer(administrator.tenant_id):
        administrator.save(update_fields=["access"])
        log.emit(
            log.Draft(
                "administrator.access_changed",
                target=target(administrator),
                changes=[log.change("access", before, str(access))],
            )
        )


def actor(administrator: Administrator) -> log.Actor:
    """Return a person as the actor of events."""
    return log.Actor(Event.Actor.ADMIN, str(administrator.id), administrator.upn)


def target(administrator: Administrator) -> log.Target:
    """Return a person as what something was done to."""
    return log.Target("administrator", str(administrator.id), administrator.upn)
