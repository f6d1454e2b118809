"""Groups of Entra that mean something already, so that nothing of ours is ever put into them.

A person at risk put into the group with full access to this console would be let in instead of kept out.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _

from vedette.tenants.models import Tenant

_readers: Final[list[Callable[[], Mapping[uuid.UUID, str]]]] = []


def offer(reader: Callable[[], Mapping[uuid.UUID, str]]) -> None:
    """Add a reader of object IDs and what each is used for; called once per connector, when Django starts."""
    if reader not in _readers:
        _readers.append(reader)


def uses(tenant: Tenant) -> dict[uuid.UUID, str]:
    """Return what groups are used for, in the current language; call inside the tenant's door."""
    known = {tenant.full_group_id: _("access to this console")}
    if tenant.restricted_group_id:
        known[tenant.restricted_group_id] = _("restricted access to this console")
    return {**{key: use for reader in _readers for key, use in reader().items()}, **known}
