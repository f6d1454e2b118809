"""What the lab's Intune keeps: managed phones, compliance policies, partner connectors and their reports."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
"""A JSON object in Graph's shape."""

NO_DEVICE = "00000000-0000-0000-0000-000000000000"
"""What Intune shows as `azureADDeviceId` of a phone that Entra does not know (microsoft.md 2.2)."""


@dataclass(frozen=True, slots=True)
class FoundApp:
    """An application that Intune found on a phone (Graph `detectedApp`): no package name."""

    name: str
    publisher: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification that Company Portal shows on a phone."""

    at: datetime
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class ActionResult:
    """A remote action and how far it is (Graph `deviceActionResult`); the lab's phones do them at once."""

    name: str
    at: datetime
    state: str = "done"


@dataclass(slots=True, eq=False)
class ManagedDevice:
    """A phone as Intune knows it (Graph `managedDevice`)."""

    id: str
    azure_ad_device_id: str
    user_id: str
    device_name: str
    operating_system: str
    os_version: str
    manufacturer: str
    model: str
    serial_number: str
    enrolled: datetime
    last_sync: datetime
    android_security_patch_level: str | None = None
    imei: str = ""
    owner_type: str = "company"
    enrollment_type: str = "userEnrollment"
    registration_state: str = "registered"
    management_agent: str = "mdm"
    management_state: str = "managed"
    is_encrypted: bool = True
    is_supervised: bool = False
    jail_broken: str = "False"
    has_passcode: bool = True
    compliance_state: str = "unknown"
    grace_expires: datetime | None = None
    noncompliant_since: datetime | None = None
    """Start of the breach that the grace period of the scheduled actions is counted from."""
    partner_reported_threat_state: str = "unknown"
    """Of `managedDevicePartnerReportedHealthState`; only the partner adapter's messages change it."""
    partner_reported_at: datetime | None = None
    policy_states: list[Json] = field(default_factory=list)
    """Result of the last check-in, per policy and setting (Graph `deviceCompliancePolicyState`)."""
    notes: str | None = None
    notices: list[Notice] = field(default_factory=list)
    actions: list[ActionResult] = field(default_factory=list)
    apps: tuple[FoundApp, ...] = ()
    """Of the last inventory; personal phones show only what Intune deployed, as in the field."""


@dataclass(slots=True)
class Assignment:
    """Whom a compliance policy goes to. `target` is Graph's JSON with its `@odata.type`."""

    id: str
    target: Json


@dataclass(slots=True)
class ActionItem:
    """One scheduled action of a compliance policy (Graph `deviceComplianceActionItem`)."""

    id: str
    action_type: str = "block"
    grace_period_hours: int = 0
    notification_template_id: str = ""
    notification_message_cc_list: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ScheduledAction:
    """Graph `deviceComplianceScheduledActionForRule`."""

    id: str
    rule_name: str
    configurations: list[ActionItem]


@dataclass(slots=True)
class CompliancePolicy:
    """An Intune compliance policy. `settings` holds the type's own properties under their Graph names."""

    id: str
    odata_type: str
    display_name: str
    created: datetime
    modified: datetime
    description: str | None = None
    version: int = 1
    settings: Json = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    scheduled_actions: list[ScheduledAction] = field(default_factory=list)


@dataclass(slots=True)
class ComplianceSettings:
    """Tenant-wide compliance settings (Graph `deviceManagementSettings`)."""

    device_compliance_checkin_threshold_days: int = 30
    is_scheduled_action_enabled: bool = True
    secure_by_default: bool = False
    """True: a phone with no policy is noncompliant (microsoft.md 2.4)."""


@dataclass(slots=True)
class MtdConnector:
    """A partner's connector in Intune (Graph `mobileThreatDefenseConnector`, microsoft.md 1.3 and 2.1)."""

    id: str
    android_enabled: bool = False
    ios_enabled: bool = False
    windows_enabled: bool = False
    android_device_blocked_on_missing_partner_data: bool = False
    ios_device_blocked_on_missing_partner_data: bool = False
    windows_device_blocked_on_missing_partner_data: bool = False
    android_mobile_application_management_enabled: bool = False
    ios_mobile_application_management_enabled: bool = False
    allow_partner_to_collect_ios_application_metadata: bool = False
    allow_partner_to_collect_ios_personal_application_metadata: bool = False
    microsoft_defender_for_endpoint_attach_enabled: bool = False
    partner_unsupported_os_version_blocked: bool = False
    partner_unresponsiveness_threshold_in_days: int = 7
    partner_state: str = "notSetUp"
    last_heartbeat: datetime | None = None


@dataclass(slots=True)
class PartnerMessage:
    """A message the simulated partner interface received (microsoft.md 1.7 and 4.6)."""

    id: str
    kind: str
    device_id: str | None
    body: Json
    status: str = "pending"
    error_code: str | None = None
    error: str | None = None


@dataclass(slots=True)
class PartnerUpload:
    """An upload of messages; `status` is Pending, Completed or Failed."""

    id: str
    received: datetime
    digest: str
    messages: list[PartnerMessage] = field(default_factory=list)
    status: str = "Pending"
    error: str | None = None


@dataclass(slots=True)
class PartnerTenant:
    """What the simulated partner interface of Intune remembers for one tenant."""

    provisioned: datetime | None = None
    connector_id: str | None = None
    """Set at the first provisioning and kept: tells "withdrawn" from "never set up"."""
    resync_requested: bool = False
    uploads: dict[str, PartnerUpload] = field(default_factory=dict)
    threats: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Last message of each threat: by azureADDeviceId, then by the partner's threat id."""
