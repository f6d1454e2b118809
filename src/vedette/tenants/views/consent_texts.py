"""What the consent page says about each permission, and how the waiting page words its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.tenants.consent import Progress, StepName
from vedette.tenants.models import Tenant
from vedette.web.errors import Text


@dataclass(frozen=True)
class Permission:
    """One permission: Microsoft's name for it and what this service does with it."""

    name: str
    purpose: Promise


@dataclass(frozen=True)
class Profile:
    """A set of permissions that serves one purpose (reference/microsoft.md 2.13)."""

    title: Promise
    text: Promise
    permissions: Sequence[Permission]
    writes: bool = False

    @property
    def pairs(self) -> list[tuple[str, Promise]]:
        """Return names and purposes for the kit's list of facts."""
        return [(permission.name, permission.purpose) for permission in self.permissions]


PROFILES: Final = (
    Profile(
        _("Read only"),
        _("To know whose phones to protect, and who may use the console."),
        (
            Permission("GroupMember.Read.All", _("Who is in the enrollment groups and the console's groups")),
            Permission("User.Read.All", _("Name and address of these people, and which devices are theirs")),
            Permission("Device.Read.All", _("Platform, version and last activity of their devices")),
            Permission("User.Read, openid, profile, email", _("Who is signing in to the console")),
        ),
    ),
    Profile(
        _("Intune, read"),
        _("To show what Intune says beside what this service says."),
        (
            Permission(
                "DeviceManagementManagedDevices.Read.All",
                _("Which phones Intune manages, and whether they comply"),
            ),
            Permission("DeviceManagementConfiguration.Read.All", _("Which compliance policies exist")),
            Permission("DeviceManagementServiceConfig.Read.All", _("The state of Intune's own connectors")),
            Permission("DeviceManagementApps.Read.All", _("Which apps Intune knows")),
        ),
    ),
    Profile(
        _("Enforce by attribute"),
        _("To let your conditional access block a phone while it is at risk."),
        (
            Permission(
                "Device.ReadWrite.All",
                _(
                    "Writes one extension attribute of the devices in your enrollment groups, such as “mtd:high”, "
                    "and takes it away again. Nothing is written until an administrator arms the account."
                ),
            ),
        ),
        writes=True,
    ),
)


def step_entries(tenant: Tenant, found: Progress) -> list[dict[str, Any]]:
    """Return the steps for the kit's guided list. A missing group is the one to look at."""
    names = {group.id: group.name for group in found.groups}
    entries = []
    for step, state in found.steps:
        title, detail = _words(step, tenant, names)
        text: Text = _("The directory holds no group with this ID.") if state == "missing" else detail
        entries.append({"title": title, "text": text, "state": "current" if state == "missing" else state})
    return entries


def _words(step: StepName, tenant: Tenant, names: dict[Any, str | None]) -> tuple[Text, str]:
    if step == "token":
        return _("Microsoft issues a token for your tenant"), str(tenant.entra_tenant_id)
    if step == "directory":
        return _("Your directory can be read with it"), ""
    group_id = tenant.full_group_id if step == "full" else tenant.restricted_group_id
    title = (
        _("The group with full access is found")
        if step == "full"
        else _("The group with restricted access is found")
    )
    name = names.get(group_id)
    return title, f"{name} ({group_id})" if name else str(group_id)
