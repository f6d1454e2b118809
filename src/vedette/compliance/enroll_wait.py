"""Apps that wait: which rows are kept when another key comes for the same phone or person (D2, D3).

Who holds an invitation's code, or whom Entra vouches for, has proved as much as the app before it: the newer key takes
its place. The organisation's code is on every managed phone and a device ID is no secret, and a sign-in without the
device claim does not say from which of a person's phones it came. There no key pushes another out before an
administrator has seen them; the few that asked last are kept, so that nobody fills the table. A row that went
comes back at its app's next opening.
"""

from typing import Any, Final

from django.db.models import QuerySet

from vedette.compliance.enrolment import Attempt, ByCode, ByConfiguration, Waiting
from vedette.devices.models import WaitingIdentity
from vedette.foundation import clock, database

MOST_RIVALS: Final = 5
"""Keys of one device ID, or of one person's phones of a model: more are nobody's new installations."""
MOST_BY_CONFIGURATION: Final = 2000
"""Of a tenant; an administrator sees the newest fifty."""


def wait(attempt: Attempt, reason: str) -> Waiting:
    """Keep the identity with what this call proved, whatever its key came with before; opens the tenant's writer.

    A key that comes with another code waits with that one: it is what an administrator's word uses up.
    """
    now, proof = clock.now(), attempt.proof
    claim = dict(attempt.claim)
    told: dict[str, Any] = {
        "reason": reason,
        "claim": claim,
        "last_seen_at": now,
        "way": proof.way,
        "invitation_id": None,
        "owner_oid": None,
        "owner_upn": "",
    }
    same = WaitingIdentity.objects.filter(way=proof.way)
    replaces = True
    if isinstance(proof, ByCode):
        told["invitation_id"] = proof.invitation_id
        same = same.filter(invitation=proof.invitation_id)
    elif isinstance(proof, ByConfiguration):
        told["owner_upn"] = proof.upn
        same, replaces = same.filter(claim__entra_device_id=claim["entra_device_id"]), False
    else:
        told |= {"owner_oid": proof.oid, "owner_upn": proof.upn}
        replaces = proof.entra_device_id is not None
        claim["vouched_device_id"] = str(proof.entra_device_id or "")
        same = same.filter(owner_oid=proof.oid, claim__vouched_device_id=claim["vouched_device_id"])
        same = same if replaces else same.filter(claim__model=claim["model"])
    with database.writer(attempt.tenant_id):
        WaitingIdentity.objects.update_or_create(
            key_id=attempt.key_id,
            tenant_id=attempt.tenant_id,
            defaults=told,
            create_defaults={**told, "public_jwk": dict(attempt.jwk), "first_seen_at": now},
        )
        others = same.exclude(key_id=attempt.key_id)
        _keep_newest(others, 0 if replaces else MOST_RIVALS - 1)
        if isinstance(proof, ByConfiguration):
            _keep_newest(WaitingIdentity.objects.filter(way=proof.way), MOST_BY_CONFIGURATION)
    return Waiting(attempt.key_id, reason)


def _keep_newest(rows: QuerySet[WaitingIdentity], count: int) -> None:
    over = rows.order_by("-last_seen_at", "-id").values_list("id", flat=True)[count:]
    WaitingIdentity.objects.filter(id__in=list(over)).delete()
