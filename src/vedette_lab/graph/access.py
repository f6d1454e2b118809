"""Which application permissions open which route; any one of a row is enough unless the route is in ALL_NEEDED.

Source: Microsoft's permissions file (a test compares each row with `permissions-matrix.json`). Routes that
the file does not list under this exact form are in OWN, with the permission their documentation names
(microsoft.md 2.1 to 2.8 and 4.1). Only permissions that the lab can grant appear.
"""

from typing import Final

_DIRECTORY: Final = ("Directory.Read.All", "Directory.ReadWrite.All")
_INTUNE_READ: Final = (
    "DeviceManagementConfiguration.Read.All",
    "DeviceManagementConfiguration.ReadWrite.All",
)
_SERVICE_READ: Final = (
    "DeviceManagementServiceConfig.Read.All",
    "DeviceManagementServiceConfig.ReadWrite.All",
    *_INTUNE_READ,
)
_SERVICE_WRITE: Final = (
    "DeviceManagementServiceConfig.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
)
_MANAGED_READ: Final = (
    "DeviceManagementManagedDevices.Read.All",
    "DeviceManagementManagedDevices.ReadWrite.All",
    *_INTUNE_READ,
)
_GROUPS: Final = (*_DIRECTORY, "Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All")
_MEMBERS: Final = (
    *("Directory.Read.All", "Group.Read.All", "Group.ReadWrite.All"),
    *("GroupMember.Read.All", "GroupMember.ReadWrite.All"),
)
_USERS: Final = (
    *("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All", *_INTUNE_READ),
    *("DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All"),
    *("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"),
    *(*_DIRECTORY, "User.Read.All", "User.ReadWrite.All"),
)
_USERS_DEVICES: Final = (*_DIRECTORY, "User.Read.All", "User.ReadWrite.All")
_MEMBER_GROUPS: Final = (
    *("Application.Read.All", "Device.Read.All", "Device.ReadWrite.All", *_DIRECTORY),
    *("Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All", "User.Read.All"),
)
_DEVICES: Final = ("Device.Read.All", "Device.ReadWrite.All", *_DIRECTORY)
_CONFIG_WRITE: Final = ("DeviceManagementConfiguration.ReadWrite.All",)
_MEMBERS_WRITE: Final = ("GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All")
# what a subscription to users or to groups needs; subscriptions.py asks for the one of its resource
_SUBSCRIBERS: Final = (
    "User.Read.All",
    "User.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    *_DIRECTORY,
)
_PRINCIPALS: Final = ("Application.Read.All", "Directory.Read.All")
_CA_WRITE: Final = ("Policy.Read.All", "Application.Read.All", "Policy.ReadWrite.ConditionalAccess")
_PRIVILEGED: Final = ("DeviceManagementManagedDevices.PrivilegedOperations.All",)

LISTED: Final[dict[str, tuple[str, ...]]] = {
    "GET /groups": _GROUPS,
    "GET /groups/{id}": _GROUPS,
    "POST /groups": ("Group.Create", "Directory.ReadWrite.All", "Group.ReadWrite.All"),
    "GET /groups/{id}/members": _MEMBERS,
    "GET /groups/{id}/transitiveMembers": _MEMBERS,
    "GET /users": _USERS,
    "GET /users/{id}": _USERS,
    "GET /users/{id}/ownedDevices": _USERS_DEVICES,
    "GET /users/{id}/registeredDevices": _USERS_DEVICES,
    "GET /users/{id}/memberOf": _DIRECTORY,
    "GET /users/{id}/transitiveMemberOf": (
        *(*_DIRECTORY, "User.Read.All", "Group.Read.All", "GroupMember.Read.All"),
    ),
    "POST /users/{id}/getMemberGroups": _MEMBER_GROUPS,
    "POST /users/{id}/checkMemberGroups": (*_MEMBER_GROUPS, "User.ReadWrite.All"),
    "POST /users/{id}/getMemberObjects": (*_MEMBER_GROUPS, "User.ReadWrite.All"),
    "POST /users/{id}/revokeSignInSessions": (
        *("User.RevokeSessions.All", "Directory.ReadWrite.All", "User.ReadWrite.All"),
    ),
    "GET /devices": _DEVICES,
    "GET /devices/{id}": _DEVICES,
    "PATCH /devices/{id}": ("Device.ReadWrite.All", "Directory.ReadWrite.All"),
    "GET /devices/{id}/registeredOwners": _DEVICES,
    "GET /devices/{id}/registeredUsers": _DEVICES,
    "GET /deviceManagement/managedDevices": _MANAGED_READ,
    "GET /deviceManagement/managedDevices/{id}": _MANAGED_READ,
    "POST /deviceManagement/managedDevices/{id}/syncDevice": _PRIVILEGED,
    "POST /deviceManagement/managedDevices/{id}/sendCustomNotificationToCompanyPortal": (
        *("DeviceManagementConfiguration.ReadWrite.All", "DeviceManagementManagedDevices.ReadWrite.All"),
    ),
    "GET /deviceManagement/detectedApps": _MANAGED_READ,
    "GET /deviceManagement/detectedApps/{id}/managedDevices": _MANAGED_READ[:2],
    "GET /deviceManagement/deviceCompliancePolicies": _INTUNE_READ,
    "POST /deviceManagement/deviceCompliancePolicies": _CONFIG_WRITE,
    "POST /deviceManagement/deviceCompliancePolicies/{id}/assign": _CONFIG_WRITE,
    "GET /deviceManagement/mobileThreatDefenseConnectors": _SERVICE_READ,
    "POST /deviceManagement/mobileThreatDefenseConnectors": _SERVICE_WRITE,
    "PATCH /deviceManagement/mobileThreatDefenseConnectors/{id}": _SERVICE_WRITE,
    "DELETE /deviceManagement/mobileThreatDefenseConnectors/{id}": _SERVICE_WRITE,
    "GET /identity/conditionalAccess/policies": ("Policy.Read.All",),
    "POST /identity/conditionalAccess/policies": _CA_WRITE,
    "PATCH /identity/conditionalAccess/policies/{id}": _CA_WRITE,
    "GET /servicePrincipals": _PRINCIPALS,
    "GET /servicePrincipals/{id}/appRoleAssignments": (*_PRINCIPALS, "Directory.ReadWrite.All"),
    "GET /organization": (
        *("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"),
        *(*_INTUNE_READ, *_DIRECTORY, "Organization.Read.All", "User.Read.All"),
    ),
    "GET /groups/delta": _GROUPS,
    "GET /users/delta": (*_DIRECTORY, "User.Read.All", "User.ReadWrite.All"),
    "GET /devices/delta": ("Device.Read.All",),
    "GET /deviceManagement": (
        *("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All", *_MANAGED_READ),
        *("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"),
    ),
}

OWN: Final[dict[str, tuple[str, ...]]] = {
    "PATCH /groups/{id}": _MEMBERS_WRITE[1:],
    "DELETE /groups/{id}": ("Group.ReadWrite.All",),
    "POST /groups/{id}/members/$ref": _MEMBERS_WRITE,
    "DELETE /groups/{id}/members/{id}/$ref": _MEMBERS_WRITE,
    "GET /users/{id}/managedDevices": _MANAGED_READ,
    "GET /devices/{id}/memberOf": _DEVICES,
    "GET /devices/{id}/transitiveMemberOf": _DEVICES,
    "GET /deviceManagement/deviceCompliancePolicies/{id}": _INTUNE_READ,
    "PATCH /deviceManagement/deviceCompliancePolicies/{id}": _CONFIG_WRITE,
    "DELETE /deviceManagement/deviceCompliancePolicies/{id}": _CONFIG_WRITE,
    "GET /deviceManagement/deviceCompliancePolicies/{id}/assignments": _INTUNE_READ,
    "GET /deviceManagement/deviceCompliancePolicies/{id}/scheduledActionsForRule": _INTUNE_READ,
    "GET /deviceManagement/managedDevices/{id}/deviceCompliancePolicyStates": _MANAGED_READ,
    "GET /deviceManagement/detectedApps/{id}": _MANAGED_READ,
    "GET /deviceManagement/managedDevices/{id}/detectedApps": _MANAGED_READ,
    "GET /deviceManagement/mobileThreatDefenseConnectors/{id}": _SERVICE_READ,
    "PATCH /deviceManagement": _SERVICE_WRITE,
    "GET /identity/conditionalAccess/policies/{id}": ("Policy.Read.All",),
    "DELETE /identity/conditionalAccess/policies/{id}": _CA_WRITE,
    "GET /servicePrincipals/{id}": _PRINCIPALS,
    "GET /servicePrincipals/{id}/endpoints": _PRINCIPALS,
    "GET /applications": ("Application.Read.All", *_DIRECTORY),
    "GET /applications/{id}": ("Application.Read.All", *_DIRECTORY),
    "POST /users/{id}/sendMail": ("Mail.Send",),
    **dict.fromkeys(("GET /subscriptions", "POST /subscriptions"), _SUBSCRIBERS),
    **{f"{method} /subscriptions/{{id}}": _SUBSCRIBERS for method in ("GET", "PATCH", "DELETE")},
    "POST /subscriptions/{id}/reauthorize": _SUBSCRIBERS,
    "GET /deviceAppManagement/mobileAppConfigurations": (
        *("DeviceManagementApps.Read.All", "DeviceManagementApps.ReadWrite.All"),
    ),
    "GET /organization/{id}": ("Organization.Read.All", *_DIRECTORY),
}

ACCESS: Final = {**LISTED, **OWN}

BETA_ONLY: Final = frozenset(
    {
        "GET /deviceManagement/managedDevices/{id}/detectedApps",
        "POST /deviceManagement/managedDevices/{id}/sendCustomNotificationToCompanyPortal",
    }
)
"""Routes that v1.0 does not have (microsoft.md 2.3)."""

ALL_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    f"{method} /identity/conditionalAccess/policies{tail}": (
        "Policy.Read.All",
        "Policy.ReadWrite.ConditionalAccess",
    )
    for method, tail in (("POST", ""), ("PATCH", "/{id}"), ("DELETE", "/{id}"))
}
"""Routes whose documentation asks for several at once (microsoft.md 4.1)."""

MAY_READ: Final[dict[str, frozenset[str]]] = {
    "#microsoft.graph.user": frozenset({"User.Read.All", "User.ReadWrite.All", *_DIRECTORY}),
    "#microsoft.graph.device": frozenset(_DEVICES),
    "#microsoft.graph.group": frozenset(_GROUPS),
}
"""Without one of these, members of the type come with `@odata.type` and `id` only (microsoft.md 2.5)."""


def allowed(operation: str, roles: frozenset[str]) -> bool:
    """Tell whether a token with these roles may call an operation such as `GET /groups/{id}`."""
    needed = ALL_NEEDED.get(operation)
    if needed is not None:
        return set(needed) <= roles
    return not roles.isdisjoint(ACCESS[operation])
