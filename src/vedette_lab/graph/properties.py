"""Properties of Graph's types: how each is read from the lab's records (names: Graph's metadata).

A kind says which properties exist, which come without `$select`, and what `$filter` may use.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vedette_lab.directory import Device, Group, User
from vedette_lab.intune_model import ManagedDevice

Getter = Callable[[Any], Any]
NUMBERED = tuple(f"extensionAttribute{number}" for number in range(1, 16))


@dataclass(frozen=True, slots=True)
class Kind:
    """An entity type. `hidden` properties come only when selected (Graph calls them non-default)."""

    odata_type: str
    getters: Mapping[str, Getter]
    hidden: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """Return the type's name as error messages write it."""
        return self.odata_type.removeprefix("#")

    @property
    def defaults(self) -> tuple[str, ...]:
        """Return the properties that come without `$select`."""
        return tuple(name for name in self.getters if name not in self.hidden)


def iso(value: datetime | None) -> str | None:
    """Return a time as Graph writes it: UTC, whole seconds unless there are fractions."""
    if value is None:
        return None
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text}Z"


def _same(*names: str) -> dict[str, Getter]:
    """Return getters for Graph names whose snake-case form is the record's attribute."""
    return {name: _attribute(_snake(name)) for name in names}


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _attribute(name: str) -> Getter:
    return lambda record: getattr(record, name)


def _time(name: str) -> Getter:
    return lambda record: iso(getattr(record, name))


def _always(value: Any) -> Getter:
    return lambda _: value


def _nothing(*names: str) -> dict[str, Getter]:
    """Return getters for properties that exist but are null here."""
    return dict.fromkeys(names, _always(None))


def extension_attributes(device: Device) -> dict[str, str | None]:
    """Return all fifteen attributes; those never written are null."""
    return {name: device.extension_attributes.get(name) for name in NUMBERED}


USER = Kind(
    "#microsoft.graph.user",
    {
        **_same("id", "displayName", "givenName", "surname", "userPrincipalName", "mail", "jobTitle"),
        **_same("officeLocation", "preferredLanguage", "accountEnabled", "department", "usageLocation"),
        **_same("userType"),
        "businessPhones": _always([]),
        "createdDateTime": _time("created"),
        "signInSessionsValidFromDateTime": _time("sessions_valid_from"),
        "mailNickname": lambda user: user.user_principal_name.split("@")[0],
        "otherMails": _always([]),
        "proxyAddresses": lambda user: [f"SMTP:{user.mail}"],
        **_nothing("mobilePhone", "onPremisesSyncEnabled", "externalUserState", "companyName", "city"),
        **_nothing("country", "employeeId", "deletedDateTime"),
    },
    hidden=frozenset(
        {
            *("accountEnabled", "department", "usageLocation", "userType", "createdDateTime", "mailNickname"),
            *("signInSessionsValidFromDateTime", "otherMails", "proxyAddresses", "onPremisesSyncEnabled"),
            *("externalUserState", "companyName", "city", "country", "employeeId", "deletedDateTime"),
        }
    ),
)


def _rule_state(group: Group) -> str | None:
    return "On" if group.membership_rule else None


GROUP = Kind(
    "#microsoft.graph.group",
    {
        **_same("id", "displayName", "description", "securityEnabled", "mailEnabled", "mailNickname"),
        **_same("groupTypes", "membershipRule", "isAssignableToRole", "visibility"),
        "membershipRuleProcessingState": _rule_state,
        "createdDateTime": _time("created"),
        "renewedDateTime": _time("created"),
        "mail": lambda group: f"{group.mail_nickname}@lab.example" if group.mail_enabled else None,
        "proxyAddresses": _always([]),
        "resourceBehaviorOptions": _always([]),
        "resourceProvisioningOptions": _always([]),
        "onPremisesProvisioningErrors": _always([]),
        "serviceProvisioningErrors": _always([]),
        **_nothing("classification", "deletedDateTime", "expirationDateTime", "preferredDataLocation"),
        **_nothing("preferredLanguage", "theme", "uniqueName", "onPremisesDomainName"),
        **_nothing("onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesSamAccountName"),
        **_nothing("onPremisesSecurityIdentifier", "securityIdentifier"),
        "onPremisesSyncEnabled": _attribute("on_premises_sync_enabled"),
    },
)

DEVICE = Kind(
    "#microsoft.graph.device",
    {
        **_same("id", "deviceId", "displayName", "operatingSystem", "operatingSystemVersion", "manufacturer"),
        **_same("model", "accountEnabled", "trustType", "profileType", "enrollmentType", "managementType"),
        **_same("mdmAppId", "isManaged", "isCompliant", "isRooted"),
        "deviceOwnership": _attribute("ownership"),
        "registrationDateTime": _time("registered"),
        "approximateLastSignInDateTime": _time("last_sign_in"),
        "extensionAttributes": extension_attributes,
        "physicalIds": _always([]),
        "systemLabels": _always([]),
        "alternativeSecurityIds": _always([]),
        **_nothing("complianceExpirationDateTime", "deletedDateTime", "deviceCategory", "deviceMetadata"),
        **_nothing("deviceVersion", "enrollmentProfileName", "onPremisesLastSyncDateTime"),
        **_nothing("onPremisesSyncEnabled"),
    },
)


def _action_results(managed: ManagedDevice) -> list[dict[str, Any]]:
    return [
        {
            "actionName": each.name,
            "actionState": each.state,
            "startDateTime": iso(each.at),
            "lastUpdatedDateTime": iso(each.at),
        }
        for each in managed.actions
    ]


def _user_of(managed: ManagedDevice) -> str:
    return managed.user_id


MANAGED_DEVICE = Kind(
    "#microsoft.graph.managedDevice",
    {
        **_same("id", "deviceName", "operatingSystem", "osVersion", "manufacturer", "model", "serialNumber"),
        **_same("imei", "isEncrypted", "isSupervised", "jailBroken", "complianceState", "managementAgent"),
        **_same("partnerReportedThreatState", "notes", "androidSecurityPatchLevel", "managementState"),
        "userId": _user_of,
        "azureADDeviceId": _attribute("azure_ad_device_id"),
        "azureADRegistered": lambda m: m.registration_state == "registered",
        "deviceRegistrationState": _attribute("registration_state"),
        "managedDeviceOwnerType": _attribute("owner_type"),
        "deviceEnrollmentType": _attribute("enrollment_type"),
        "enrolledDateTime": _time("enrolled"),
        "lastSyncDateTime": _time("last_sync"),
        "complianceGracePeriodExpirationDateTime": lambda m: iso(m.grace_expires) or "9999-12-31T23:59:59Z",
        "managedDeviceName": lambda m: f"{m.device_name}_{m.operating_system}",
        "deviceCategoryDisplayName": _always("Unknown"),
        "exchangeAccessState": _always("none"),
        "exchangeAccessStateReason": _always("none"),
        "easActivated": _always(value=False),
        "deviceActionResults": _action_results,
        "requireUserEnrollmentApproval": _always(None),
        "totalStorageSpaceInBytes": _always(128 * 1024**3),
        "freeStorageSpaceInBytes": _always(64 * 1024**3),
        "meid": _always(""),
        "phoneNumber": _always(""),
        "subscriberCarrier": _always(""),
        "wiFiMacAddress": _always(""),
        "easDeviceId": _always(""),
        "udid": _always(""),
        "iccid": _always(""),
        "physicalMemoryInBytes": _always(0),
        **_nothing("enrollmentProfileName", "ethernetMacAddress", "activationLockBypassCode"),
    },
    hidden=frozenset(
        {"notes", "udid", "iccid", "physicalMemoryInBytes", "ethernetMacAddress", "activationLockBypassCode"}
    ),
)
"""`userPrincipalName`, `userDisplayName` and `emailAddress` need the directory; `managed_kind` adds them."""

KINDS: dict[type, Kind] = {User: USER, Group: GROUP, Device: DEVICE}


def managed_kind(users: Mapping[str, User]) -> Kind:
    """Return the managed device's kind with the properties of its user."""

    def of_user(name: str) -> Getter:
        return lambda m: getattr(users[m.user_id], name) if m.user_id in users else ""

    more = {
        "userPrincipalName": of_user("user_principal_name"),
        "userDisplayName": of_user("display_name"),
        "emailAddress": of_user("mail"),
    }
    return Kind(MANAGED_DEVICE.odata_type, {**MANAGED_DEVICE.getters, **more}, MANAGED_DEVICE.hidden)


def render(record: Any, kind: Kind, select: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Return a record as Graph's JSON."""
    names = kind.defaults if select is None else select
    return {name: kind.getters[name](record) for name in names if name in kind.getters}
