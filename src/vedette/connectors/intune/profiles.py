"""Pure: the consent profiles, what each is for, and the call that tells whether a permission is there.

Profiles are those of microsoft.md 2.13. Every probe changes nothing: it reads one row, or it writes to an
object ID that cannot exist, which is answered 404 when it is permitted and 403 when it is not. What a token
carries is never decoded: Graph's tokens are opaque to us by contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.connectors.intune.probe import NOBODY

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


def permissions() -> list[str]:
    """Every permission that some profile needs, once, in order."""
    return list(dict.fromkeys(name for profile in PROFILES for name in profile.permissions))
