"""Preparing a tenant's own registration, putting it in force, and going back (A7).

What is in force stays untouched until another was tried: a draft is a copy that is changed, tested and then takes
its place, so that a credential is replaced without a gap. Secrets are sealed before they are stored; the audit
trail holds thumbprints and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from vedette.events.log import Actor, Draft, change, emit
from vedette.foundation import certificates, clock, database, secrets
from vedette.foundation.certificates import Pair
from vedette.foundation.registration import CERTIFICATE, FEDERATED, SECRET
from vedette.tenants import accounts, profiles, registrations, signals
from vedette.tenants.models import AppRegistration, Tenant

DRAFT: Final = AppRegistration.Stage.DRAFT
IN_FORCE: Final = AppRegistration.Stage.IN_FORCE
_TRIED: Final = (
    *("stage", "kind", "client_id", "cloud", "profiles"),
    *("certificate", "sealed_key", "sealed_secret", "secret_expires"),
)
"""What a test is about; sealing the same secret again makes another text."""


class NotReadyError(Exception):
    """The draft cannot take over yet; the text says what is missing."""


def find(tenant: Tenant, stage: AppRegistration.Stage) -> AppRegistration | None:
    """Return the tenant's registration of a stage; opens the tenant's door."""
    with database.tenant(tenant.id):
        return AppRegistration.objects.filter(stage=stage).first()


def begin(tenant: Tenant, actor: Actor) -> AppRegistration:
    """Return the draft; make one like what is in force, without its credential, where there is none."""
    with database.writer(tenant.id):
        found = AppRegistration.objects.filter(stage=DRAFT).first()
        if found:
            return found
        like = AppRegistration.objects.filter(stage=IN_FORCE).first()
        made = AppRegistration(
            tenant_id=tenant.id,
            cloud=like.cloud if like else "",
            client_id=like.client_id if like else None,
            profiles=like.profiles if like else list(profiles.SUGGESTED),
            created_at=clock.now(),
        )
        made.save(force_insert=True)
        _tell("registration.draft_begun", tenant, actor, change_type="CREATED")
        return made


def identify(
    tenant: Tenant, actor: Actor, *, client_id: UUID, cloud: str, chosen: Sequence[str]
) -> AppRegistration:
    """Note which application it is, in which cloud, and what it is made for."""
    with database.writer(tenant.id):
        row = _draft(tenant)
        changes = [
            change("client_id", str(row.client_id or ""), str(client_id)),
            change("cloud", row.cloud, cloud),
            change("profiles", row.profiles, list(chosen)),
        ]
        row.client_id, row.cloud, row.profiles = client_id, cloud, list(chosen)
        _untested(row)
        row.save()
        _tell(
            "registration.identified", tenant, actor, [each for each in changes if each["from"] != each["to"]]
        )
        return row


def prove_by_certificate(tenant: Tenant, actor: Actor, pair: Pair) -> AppRegistration:
    """Take a certificate as the draft's credential; its key is sealed."""
    facts = certificates.facts(pair.certificate)
    return _prove(
        tenant,
        actor,
        CERTIFICATE,
        {"thumbprint": facts.thumbprint, "ends": facts.ends.isoformat()},
        certificate=pair.certificate,
        key=pair.key,
    )


def prove_by_secret(tenant: Tenant, actor: Actor, value: str, expires: datetime) -> AppRegistration:
    """Take a secret as the draft's credential; it is sealed."""
    return _prove(tenant, actor, SECRET, {"ends": expires.isoformat()}, secret=value, expires=expires)


def prove_by_federation(tenant: Tenant, actor: Actor) -> AppRegistration:
    """Take the platform's own token as the draft's credential: nothing secret is kept."""
    return _prove(tenant, actor, FEDERATED, {})


def tested(row: AppRegistration, found: dict[str, Any]) -> bool:
    """Keep what a test of this row found; False where the row is another one by now: nothing is known of that."""
    with database.tenant(row.tenant_id):
        same = AppRegistration.objects.filter(pk=row.pk, **{name: getattr(row, name) for name in _TRIED})
        return bool(same.update(trial=found, tested_at=clock.now()))


def put_in_force(tenant: Tenant, actor: Actor) -> AppRegistration:
    """Let the draft take over; the credential that it replaces is deleted here. Raises NotReadyError."""
    with database.writer(tenant.id):
        row = AppRegistration.objects.select_for_update().filter(stage=DRAFT).first()
        if row is None:
            raise NotReadyError(_("There is nothing that could be put in force. Begin anew."))
        why = lacking(tenant, row)
        if why:
            raise NotReadyError(why)
        before = AppRegistration.objects.filter(stage=IN_FORCE).first()
        changes = [
            change("client_id", str(before.client_id) if before else "", str(row.client_id)),
            change("credential", described(before) if before else "", described(row)),
        ]
        if before:
            before.delete()
        row.stage, row.in_force_at = IN_FORCE, clock.now()
        row.save()
        _tell("registration.in_force", tenant, actor, changes)
        signals.registration_changed.send(sender=Tenant, tenant=tenant)
    registrations.forget()
    return row


def discard(tenant: Tenant, actor: Actor) -> None:
    """Throw the draft away; what is in force stays."""
    with database.writer(tenant.id):
        gone, _rows = AppRegistration.objects.filter(stage=DRAFT).delete()
        if gone:
            _tell("registration.draft_discarded", tenant, actor, change_type="DELETED")


def go_back(tenant: Tenant, actor: Actor) -> None:
    """Let the installation's registration speak for the tenant again."""
    with database.writer(tenant.id):
        row = AppRegistration.objects.filter(stage=IN_FORCE).first()
        if row is None:
            return
        changes = [change("client_id", str(row.client_id), ""), change("credential", described(row), "")]
        row.delete()
        _tell("registration.given_up", tenant, actor, changes, change_type="DELETED")
        signals.registration_changed.send(sender=Tenant, tenant=tenant)
    registrations.forget()


def lacking(tenant: Tenant, row: AppRegistration) -> str:
    """Say why a draft cannot take over yet, in words; empty once it can.

    Before the first consent a token is enough. Later the directory must be readable with it, or phones would
    stop being looked after.
    """
    if row.client_id is None:
        return _("Enter the application's ID first.")
    if not row.kind:
        return _("Choose with what the application proves itself first.")
    if not row.trial.get("token"):
        return _("Test it first: Entra has not given a token for it yet.")
    if tenant.status == Tenant.Status.CONSENTED and not row.trial.get("directory"):
        return _("Consent is missing: with this registration the directory cannot be read yet.")
    return ""


def described(row: AppRegistration) -> str:
    """Name a credential without giving it away."""
    if row.kind == CERTIFICATE:
        facts = certificates.facts(row.certificate)
        return f"{CERTIFICATE} {facts.thumbprint}, {facts.ends.date().isoformat()}"
    ends = row.secret_expires.date().isoformat() if row.secret_expires else ""
    return f"{row.kind} {ends}".strip()


def _prove(
    tenant: Tenant,
    actor: Actor,
    kind: str,
    told: dict[str, str],
    *,
    certificate: str = "",
    key: str = "",
    secret: str = "",
    expires: datetime | None = None,
) -> AppRegistration:
    with database.writer(tenant.id):
        row = _draft(tenant)
        before = row.kind
        row.kind, row.certificate, row.secret_expires = kind, certificate, expires
        row.sealed_key = secrets.seal(key, context=registrations.context(row.id, "key")) if key else ""
        row.sealed_secret = (
            secrets.seal(secret, context=registrations.context(row.id, "secret")) if secret else ""
        )
        _untested(row)
        row.save()
        _tell(
            "registration.credential_chosen", tenant, actor, [change("credential", before, kind)], detail=told
        )
        return row


def _draft(tenant: Tenant) -> AppRegistration:
    row = AppRegistration.objects.select_for_update().filter(stage=DRAFT).first()
    if row is None:
        row = AppRegistration(tenant_id=tenant.id, profiles=list(profiles.SUGGESTED), created_at=clock.now())
        row.save(force_insert=True)
    return row


def _untested(row: AppRegistration) -> None:
    row.trial, row.tested_at = {}, None


def _tell(
    action: str,
    tenant: Tenant,
    actor: Actor,
    changes: Sequence[Any] = (),
    *,
    change_type: str = "UPDATED",
    detail: dict[str, str] | None = None,
) -> None:
    emit(
        Draft(
            action,
            change_type=change_type,
            actor=actor,
            target=accounts.target(tenant),
            changes=list(changes),
            detail=detail or {},
        )
    )
