"""Reading a tenant's settings of the acts; inside the tenant's door."""

import uuid

from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import NOTIFY, REVOKE, SYNC, Choice


def settings_row(tenant_id: uuid.UUID) -> ActionSettings:
    """Return the settings; unsaved ones with the defaults where there are none yet."""
    found = ActionSettings.objects.filter(tenant_id=tenant_id).first()
    return found or ActionSettings(tenant_id=tenant_id)


def choice_of(row: ActionSettings) -> Choice:
    """Return the settings in the shape that decides."""
    switches = ((SYNC, row.sync_enabled), (NOTIFY, row.notify_enabled), (REVOKE, row.revoke_enabled))
    return Choice(
        on=frozenset(act for act, on in switches if on),
        levels=frozenset(row.levels),
        classifications=frozenset(row.classifications),
        recovered=row.notify_recovered,
    )
