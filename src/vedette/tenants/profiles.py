"""Pure: the consent profiles, what each is for, and the call that tells whether a permission is there.

Profiles are those of microsoft.md 2.13. Every probe changes nothing: it reads one row, or it writes to an
object ID that cannot exist, which is answered 404 when it is permitted and 403 when it is not. What a token
carries is never decoded: Graph's tokens are opaque to us by contract.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# An object ID that cannot exist: a write to it is answered 404 when it is permitted, 403 when it is not.
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
Text = str | Promise


@dataclass(frozen=True)
class Probe:
    """One call that changes nothing."""

    method: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


def _list(path: str, select: str = "id") -> Probe:
    return Probe("GET", path, {"select": select, "top": 1})


PROBES: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "GroupMember.Read.All": Probe("GET", f"/groups/{NOBODY}/members", {"select": "id"}),
        "User.Read.All": Probe("GET", f"/users/{NOBODY}/ownedDevices", {"select": "id"}),
        "Device.Read.All": _list("/devices"),
        "DeviceManagementManagedDevices.Read.All": _list("/deviceManagement/managedDevices"),
        "DeviceManagementServiceConfig.Read.All": Probe(
            "GET", "/deviceManagement/mobileThreatDefenseConnectors"
        ),
        "DeviceManagementApps.Read.All": Probe("GET", "/deviceAppManagement/mobileAppConfigurations"),
        "DeviceManagementConfiguration.Read.All": Probe("GET", "/deviceManagement/deviceCompliancePolicies"),
        "Device.ReadWrite.All": Probe("PATCH", f"/devices/{NOBODY}", body={"extensionAttributes": {}}),
        "GroupMember.ReadWrite.All": Probe("DELETE", f"/groups/{NOBODY}/members/{NOBODY}/$ref"),
        "DeviceManagementManagedDevices.PrivilegedOperations.All": Probe(
            "POST", f"/deviceManagement/managedDevices/{NOBODY}/syncDevice"
        ),
        "DeviceManagementConfiguration.ReadWrite.All": Probe(
            "PATCH",
            f"/deviceManagement/deviceCompliancePolicies/{NOBODY}",
            body={"@odata.type": "#microsoft.graph.androidCompliancePolicy"},
        ),
        "User.RevokeSessions.All": Probe("POST", f"/users/{NOBODY}/revokeSignInSessions"),
        "Policy.Read.All": Probe("GET", "/identity/conditionalAccess/policies", {"select": "id", "top": 1}),
        "Mail.Send": Probe("POST", f"/users/{NOBODY}/sendMail"),
    }
)
"""Permission to its probe. A broader permission opens the same call: what counts is that the call works."""


@dataclass(frozen=True)
class Profile:
    """A set of permissions that is asked for together. ``without``: what is off while one of them is missing."""

    key: str
    title: Text
    purpose: Text
    permissions: tuple[str, ...]
    without: Text
    optional: bool = True


PROFILES: Final = (
    Profile(
        "read",
        _("Read only"),
        _("Finds the people of your enrollment groups and their phones."),
        ("GroupMember.Read.All", "User.Read.All", "Device.Read.All"),
        _("No phone is found or kept up to date."),
        optional=False,
    ),
    Profile(
        "intune",
        _("Read Intune"),
        _("Tells which phones Intune manages and shows your tenant's other threat-defense connectors."),
        (
            "DeviceManagementManagedDevices.Read.All",
            "DeviceManagementServiceConfig.Read.All",
            "DeviceManagementApps.Read.All",
            "DeviceManagementConfiguration.Read.All",
        ),
        _("Phones cannot be told apart by Intune, and other partners' connectors stay unseen."),
    ),
    Profile(
        "attribute",
        _("Enforce by attribute"),
        _("Writes each phone's state to its Entra device, where conditional access reads it."),
        ("Device.ReadWrite.All",),
        _("No state reaches Microsoft, so no rule over the attribute can block a phone."),
    ),
    Profile(
        "group",
        _("Enforce by group"),
        _("Puts phones or people at risk into a group that rules of yours act on."),
        ("GroupMember.ReadWrite.All", "Device.ReadWrite.All"),
        _("Groups of phones or people at risk cannot be kept."),
    ),
    Profile(
        "notify",
        _("Notify and sync"),
        _("Has Intune look at a phone at once and tells its owner in Company Portal why it is blocked."),
        (
            "DeviceManagementManagedDevices.PrivilegedOperations.All",
            "DeviceManagementConfiguration.ReadWrite.All",
        ),
        _("Intune looks at a phone only at its next check-in, and Company Portal does not say why."),
    ),
    Profile(
        "identity",
        _("Identity response"),
        _("Ends a person's sign-in sessions, so that a decision is felt in minutes."),
        ("User.RevokeSessions.All",),
        _("Sessions cannot be ended: a blocked phone is stopped at its next sign-in token."),
    ),
    Profile(
        "rules",
        _("Read the rules back"),
        _("Reads your conditional-access and compliance policies, so that previews say what really happens."),
        ("Policy.Read.All", "DeviceManagementConfiguration.Read.All"),
        _("Vedette cannot see whether a rule enforces anything: you declare the minimum level yourself."),
    ),
    Profile(
        "mail",
        _("Send mail"),
        _("Lets mail go through one mailbox of yours; limit it to that mailbox in Exchange Online."),
        ("Mail.Send",),
        _("Nothing is off: mail goes through the operator's mail server."),
    ),
)


ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
        "Device.Read.All": "7438b122-aefc-4978-80ed-43db9fcc7715",
        "DeviceManagementManagedDevices.Read.All": "2f51be20-0bb4-4fed-bf7b-db946066c75e",
        "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
        "DeviceManagementApps.Read.All": "7a6ee1e7-141e-4cec-ae74-d9db155731ff",
        "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
        "Device.ReadWrite.All": "1138cb37-bd11-4084-a2b7-9f71582aeddb",
        "GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
        "DeviceManagementManagedDevices.PrivilegedOperations.All": "5b07b0dd-2377-4e44-a38d-703f09a0dc3c",
        "DeviceManagementConfiguration.ReadWrite.All": "9241abd9-d0e6-425a-bd4f-47ba86e767a4",
        "User.RevokeSessions.All": "77f3a031-c388-4f99-b373-dc68676a979e",
        "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    }
)
"""IDs of the application permissions in Microsoft Graph (microsoft.md, appendix A); not all are published there."""

SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "openid": "37f7f235-527c-4136-accd-4a02d197296e",
        "profile": "14dad69e-099b-42c9-810b-d002981feec1",
        "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
        "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    }
)
"""Delegated permissions that every sign-in needs, with their IDs."""

GRAPH_APP: Final = "00000003-0000-0000-c000-000000000000"
ALWAYS: Final = "read"
SUGGESTED: Final = ("read", "intune", "attribute")


def of(keys: Collection[str]) -> list[Profile]:
    """Return the profiles of these keys, always with the one that nothing works without."""
    return [profile for profile in PROFILES if profile.key in keys or profile.key == ALWAYS]


def names(chosen: Iterable[Profile]) -> list[str]:
    """Return the permissions of profiles, each once, in order."""
    return list(dict.fromkeys(name for profile in chosen for name in profile.permissions))


def manifest(chosen: Iterable[Profile]) -> dict[str, Any]:
    """Return the parts of an application manifest that ask for these permissions and for the role claim.

    A permission whose ID is not published is left out: it has to be added by its name.
    """
    roles = [{"id": ROLES[name], "type": "Role"} for name in names(chosen) if name in ROLES]
    scopes = [{"id": key, "type": "Scope"} for key in SCOPES.values()]
    return {
        "groupMembershipClaims": "DirectoryRole",
        "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": [*scopes, *roles]}],
    }


def permissions() -> list[str]:
    """Every permission that some profile needs, once, in order."""
    return names(PROFILES)
