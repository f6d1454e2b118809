"""What every tenant has from its first day: the Default device group, its 49 levels, its parameters."""

from uuid import UUID

from vedette.devices.models import DeviceGroup
from vedette.foundation import database
from vedette.threats.models import PolicyLevel, PolicyParameters
from vedette.verdict import CLASSIFICATIONS

DEFAULT_GROUP = "Default"


def ensure_defaults(tenant_id: UUID) -> DeviceGroup:
    """Return the tenant's Default group, made with levels and parameters where they are missing."""
    with database.writer(tenant_id):
        group, _ = DeviceGroup.objects.get_or_create(
            is_default=True, defaults={"tenant_id": tenant_id, "name": DEFAULT_GROUP}
        )
        PolicyParameters.objects.get_or_create(group=group, defaults={"tenant_id": tenant_id})
        PolicyLevel.objects.bulk_create(
            [
                PolicyLevel(
                    tenant_id=tenant_id,
                    group=group,
                    classification=code,
                    risk=known.default_risk,
                    response=known.default_response,
                )
                for code, known in CLASSIFICATIONS.items()
            ],
            ignore_conflicts=True,
        )
        return group


def default_group(tenant_id: UUID) -> DeviceGroup:
    """Return the tenant's Default group; made if this is the first question for it.

    Levels of classifications that a newer version brought are filled in.
    """
    with database.tenant(tenant_id):
        found = DeviceGroup.objects.filter(is_default=True).first()
        if found and _levels(found) == len(CLASSIFICATIONS):
            return found
    return ensure_defaults(tenant_id)


def _levels(group: DeviceGroup) -> int:
    """Count the known classifications that have a level."""
    return PolicyLevel.objects.filter(group=group, classification__in=list(CLASSIFICATIONS)).count()
