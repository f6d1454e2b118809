"""Making an account and changing its groups (A1, A2, and A7's way back after a lock-out)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from vedette.events import log
from vedette.events.models import Event
from vedette.foundation import clock, database
from vedette.tenants import signals
from vedette.tenants.models import Tenant

OPERATOR = log.Actor(Event.Actor.OPERATOR, "", "Operator")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an account is made of (A1); forms.AccountForm checks it."""

    name: str
    entra_tenant_id: UUID
    full_group_id: UUID
    restricted_group_id: UUID | None
    primary_contact: str
    language: str = "en"


class AccountExistsError(Exception):
    """The Entra tenant has an account already; `tenant` is that account (A2)."""

    def __init__(self, tenant: Tenant) -> None:
        """Keep the account for the way out."""
        super().__init__(f"{tenant.entra_tenant_id} belongs to the account “{tenant.name}” ({tenant.id})")
        self.tenant = tenant


def create(draft: Draft) -> Tenant:
    """Make the account, with an audit event and `tenant_created` in the same transaction.

    Raises AccountExistsError. Nothing ties an account to another Entra tenant later: there is no such act.
    """
    tenant = Tenant(
        name=draft.name,
        entra_tenant_id=draft.entra_tenant_id,
        full_group_id=draft.full_group_id,
        restricted_group_id=draft.restricted_group_id,
        primary_contact=draft.primary_contact,
        language=draft.language,
        created_at=clock.now(),
    )
    with database.system():
        try:
            with transaction.atomic():
                tenant.save(force_insert=True)
        except IntegrityError as error:
            existing = Tenant.objects.filter(entra_tenant_id=draft.entra_tenant_id).first()
            if existing is None:
                raise
            raise AccountExistsError(existing) from error
        with database.writer(tenant.id):
            log.emit(
                log.Draft(
                    "tenant.created",
                    change_type="CREATED",
                    actor=OPERATOR,
                    target=target(tenant),
                    detail={
                        "entra_tenant_id": str(tenant.entra_tenant_id),
                        "full_group_id": str(tenant.full_group_id),
                        "restricted_group_id": str(tenant.restricted_group_id or ""),
                        "primary_contact": tenant.primary_contact,
                    },
                )
            )
            signals.tenant_created.send(sender=Tenant, tenant=tenant)
    return tenant


def everything() -> list[Tenant]:
    """Return all accounts by name, for the operator."""
    with database.system():
        return list(Tenant.objects.order_by("name", "id"))


def find(key: UUID) -> Tenant | None:
    """Return the account with this ID or for this Entra tenant."""
    with database.system():
        return Tenant.objects.filter(id=key).first() or Tenant.objects.filter(entra_tenant_id=key).first()


def set_groups(tenant: Tenant, full: UUID, restricted: UUID | None, names: dict[UUID, str]) -> Tenant:
    """Put other groups in charge of access; `names` are the ones that Graph gave, by ID.

    Running sessions are checked against them at their next re-check (15 minutes at most).
    """
    with database.writer(tenant.id):
        row = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        changes = [
            log.change("full_group_id", str(row.full_group_id), str(full)),
            log.change("restricted_group_id", str(row.restricted_group_id or ""), str(restricted or "")),
        ]
        row.full_group_id, row.full_group_name = full, names.get(full, "")
        row.restricted_group_id = restricted
        row.restricted_group_name = names.get(restricted, "") if restricted else ""
        row.save(
            update_fields=["full_group_id", "full_group_name", "restricted_group_id", "restricted_group_name"]
        )
        log.emit(
            log.Draft(
                "tenant.groups_changed",
                actor=OPERATOR,
                target=target(row),
                changes=[entry for entry in changes if entry["from"] != entry["to"]],
            )
        )
    return row


def target(tenant: Tenant) -> log.Target:
    """Return an account as what something was done to."""
    return log.Target("tenant", str(tenant.id), tenant.name)
