"""Which ways lead into a tenant, and the code of its app configuration (D2).

The code is the organisation's, not a phone's: Intune hands it to managed phones with the rest of the app
configuration. It is sealed, since the hand-outs show it again to full access, and can be replaced.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vedette.devices.models import EnrollmentPolicy
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database, secrets

GROUPS: Final = 5
WAYS: Final = ("by_code", "by_configuration", "by_sign_in", "device_claim_needed")


@dataclass(frozen=True)
class Ways:
    """What is allowed. `device_claim_needed`: a sign-in counts only from a phone that Entra names."""

    by_code: bool = True
    by_configuration: bool = False
    by_sign_in: bool = False
    device_claim_needed: bool = False


def read() -> Ways:
    """Return what is allowed; inside the tenant's door."""
    row = EnrollmentPolicy.objects.first()
    return Ways(**{name: getattr(row, name) for name in WAYS}) if row else Ways()


def code() -> str:
    """Return the code of the app configuration, empty where that way is closed; inside the tenant's door.

    Raises secrets.SealError.
    """
    row = EnrollmentPolicy.objects.first()
    if row is None or not row.by_configuration or not row.sealed_code:
        return ""
    return secrets.open_sealed(row.sealed_code, context=_context(row.id))


def change_ways(tenant_id: UUID, wanted: Ways, actor: Actor) -> None:
    """Allow these ways from now on; phones that are activated stay so. Opening app configuration makes a code."""
    with database.writer(tenant_id):
        row = _row(tenant_id)
        changes = [change(name, getattr(row, name), getattr(wanted, name)) for name in WAYS]
        changes = [each for each in changes if each["from"] != each["to"]]
        if not changes:
            return
        for name in WAYS:
            setattr(row, name, getattr(wanted, name))
        if row.by_configuration and not row.sealed_code:
            _new_code(row)
        row.save()
        emit(Draft("enrollment.ways_changed", actor=actor, target=Target("enrollment"), changes=changes))


def replace_code(tenant_id: UUID, actor: Actor) -> None:
    """Make another code: the old one activates nothing from now on."""
    with database.writer(tenant_id):
        row = _row(tenant_id)
        before = row.code_made_at
        _new_code(row)
        row.save()
        emit(
            Draft(
                "enrollment.configuration_code_replaced",
                actor=actor,
                target=Target("enrollment"),
                changes=[change("made_at", before, row.code_made_at)],
            )
        )


def find(given: str) -> UUID | None:
    """Return the tenant whose app configuration carries this code; inside the system's door."""
    rows = EnrollmentPolicy.objects.filter(code_hash=secrets.hash_code(given), by_configuration=True)
    found: UUID | None = rows.values_list("tenant_id", flat=True).first()
    return found


def _row(tenant_id: UUID) -> EnrollmentPolicy:
    row = EnrollmentPolicy.objects.select_for_update().first()
    return row or EnrollmentPolicy(tenant_id=tenant_id)


def _new_code(row: EnrollmentPolicy) -> None:
    made = secrets.one_time_code(GROUPS)
    row.code_hash, row.code_made_at = secrets.hash_code(made), clock.now()
    row.sealed_code = secrets.seal(made, context=_context(row.id))


def _context(row_id: UUID) -> str:
    return f"enrollment-policy:{row_id}:code"
