"""The state of the stand-in cloud, as plain typed records; nothing here speaks HTTP.

Property names are Microsoft Graph's, in snake case; `graph/render.py` turns the records into Graph's JSON.
All times are aware UTC. Directory and Intune times come from `Cloud.now()` (which can be moved);
tokens use real time. One asyncio process owns the state, so nothing is locked.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from vedette_lab.app_model import AppRegistration, Consent, ServicePrincipal
from vedette_lab.directory import Directory
from vedette_lab.graph_limits import Limits
from vedette_lab.intune_model import (
    NO_DEVICE,
    CompliancePolicy,
    ComplianceSettings,
    Json,
    ManagedDevice,
    MtdConnector,
    PartnerTenant,
)
from vedette_lab.sessions import EntraState
from vedette_lab.subscription_model import Subscription


def new_id() -> str:
    """Return a new object id in the form Microsoft writes them."""
    return str(uuid4())


@dataclass(slots=True)
class ConditionalAccessPolicy:
    """A conditional-access policy; `body` is Graph's JSON without id and times."""

    id: str
    body: Json
    created: datetime
    modified: datetime | None = None

    @property
    def display_name(self) -> str:
        """Return the name people gave it."""
        return str(self.body.get("displayName", ""))

    @property
    def state(self) -> str:
        """Return enabled, disabled or enabledForReportingButNotEnforced."""
        return str(self.body.get("state", "disabled"))


@dataclass(slots=True)
class SignIn:
    """One sign-in decision, as the portal's sign-in log shows it."""

    id: str
    at: datetime
    user_id: str
    app: str
    client: str
    platform: str
    device_id: str | None
    """`Device.id` (the object id), or None where the client gave no device identity."""
    allowed: bool
    reason: str
    error_code: int = 0
    policies: list[Json] = field(default_factory=list)
    token_id: str | None = None


@dataclass(slots=True)
class IssuedToken:
    """A token that Entra gave out; it lives until it expires or is revoked."""

    id: str
    kind: Literal["app", "id", "resource"]
    app: str
    issued: datetime
    expires: datetime
    user_id: str | None = None
    device_id: str | None = None
    roles: tuple[str, ...] = ()
    revoked: datetime | None = None
    refreshable: bool = False
    """True: a refresh token came with it and still holds; a renewal asks conditional access, and nobody else."""

    def alive(self, now: datetime) -> bool:
        """Tell whether the token still opens doors at `now`."""
        return now < self.expires and self.revoked is None


@dataclass(slots=True)
class Mail:
    """A mail that the lab's SMTP server received."""

    id: str
    at: datetime
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    """Pictures that the HTML shows, as data URLs by Content-ID (RFC 2392)."""


@dataclass(slots=True)
class Fault:
    """A fault that matching requests meet; see faults.py."""

    id: str
    method: str
    prefix: str
    status: int | None = None
    retry_after: int | None = None
    delay: float = 0.0
    drop: bool = False
    code: str | None = None
    """Graph's error code, or an AADSTS number on Entra's routes."""
    times: int | None = None
    hits: int = 0
    after: bool = False
    """The request is carried out before the fault strikes."""


@dataclass(slots=True)
class LoggedRequest:
    """A line of the request log."""

    number: int
    at: datetime
    method: str
    path: str
    query: str
    status: int
    request_id: str
    milliseconds: float
    tenant: str | None = None
    app_id: str | None = None
    fault: str | None = None


@dataclass(slots=True)
class SigningKey:
    """A key that signs Entra's tokens; `certificate` is DER."""

    kid: str
    private_key: RSAPrivateKey
    certificate: bytes


@dataclass(slots=True)
class Switches:
    """Behaviour that differs in the field or is uncertain, set by the control API."""

    case_sensitive_names: bool = False
    """`displayName eq` (microsoft.md 2.5: uncertain; in practice case-insensitive)."""
    consent_delay_seconds: float = 0.0
    page_size: int | None = None
    """Caps every page of Graph, to force nextLinks."""
    token_lifetime_seconds: int = 3599
    group_limit: int = 200
    """More groups than this in a token become an overage claim (microsoft.md 3.4)."""
    membership_delay_seconds: float = 0.0
    """A membership written through Graph is listed at once, and counts in sign-ins so much later (4.7)."""
    continuous_access_evaluation: bool = False
    """True: ending a person's sessions bites at once at the applications too, not only at their next token (4.7)."""
    filters_ignored: bool = False
    """True: `$filter` of Intune's phones and of devices is ignored without a word, as Intune does with some (2.2)."""
    delta_quirks: bool = False
    """True: delta queries replay, tell out of order and send empty pages, all of which Graph may do."""
    require_service_principal: bool = False
    """True: app-only tokens of a tenant the application never entered are refused (7000229)."""


@dataclass(slots=True, eq=False)
class Tenant:
    """One organisation: its directory, Intune, conditional access and what it consented to."""

    id: str
    name: str
    domain: str
    created: datetime
    directory: Directory = field(default_factory=Directory)
    managed_devices: dict[str, ManagedDevice] = field(default_factory=dict)
    managed_by_device: dict[str, ManagedDevice] = field(default_factory=dict)
    """Index of `managed_devices` by azureADDeviceId (= `Device.device_id`)."""
    compliance_policies: dict[str, CompliancePolicy] = field(default_factory=dict)
    compliance_settings: ComplianceSettings = field(default_factory=ComplianceSettings)
    mtd_connectors: dict[str, MtdConnector] = field(default_factory=dict)
    partner: PartnerTenant = field(default_factory=PartnerTenant)
    ca_policies: dict[str, ConditionalAccessPolicy] = field(default_factory=dict)
    service_principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    """By app id."""
    consents: dict[str, Consent] = field(default_factory=dict)
    """By app id."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """Change notifications, by id."""
    mailbox_access: dict[str, set[str]] = field(default_factory=dict)
    """By app id, the addresses that Exchange opens to it: all of them for Graph where the app is absent."""
    sign_ins: list[SignIn] = field(default_factory=list)
    tokens: dict[str, IssuedToken] = field(default_factory=dict)
    guide_accounts: dict[str, str] = field(default_factory=dict)
    """For walks and tests: kind of account (global_administrator, full, restricted, none) to its UPN."""
    guide_groups: dict[str, str] = field(default_factory=dict)
    """For walks and tests: purpose of a group (enrollment, full, restricted, break_glass) to its id."""

    def add_managed(self, device: ManagedDevice) -> None:
        """Put a phone under Intune's management."""
        self.managed_devices[device.id] = device
        if device.azure_ad_device_id != NO_DEVICE:
            self.managed_by_device[device.azure_ad_device_id] = device

    def remove_managed(self, managed_id: str) -> None:
        """Take a phone out of Intune. KeyError when it is not there."""
        device = self.managed_devices.pop(managed_id)
        if self.managed_by_device.get(device.azure_ad_device_id) is device:
            del self.managed_by_device[device.azure_ad_device_id]

    def service_principal(self, app_id: str, now: datetime) -> ServicePrincipal:
        """Return the application's presence in this tenant, made at its first use."""
        found = self.service_principals.get(app_id)
        if found is None:
            found = self.service_principals[app_id] = ServicePrincipal(new_id(), app_id, now)
        return found


@dataclass(slots=True, eq=False)
class Snapshot:
    """A tenant as it was at one moment, and the lines of the request log that were about it."""

    tenant: Tenant
    requests: list[LoggedRequest]


@dataclass(slots=True, eq=False)
class Cloud:
    """Everything the lab knows. Handlers get it from `request.app.state.cloud`."""

    home: Path
    base_url: str
    tenants: dict[str, Tenant] = field(default_factory=dict)
    apps: dict[str, AppRegistration] = field(default_factory=dict)
    signing_keys: list[SigningKey] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    requests: list[LoggedRequest] = field(default_factory=list)
    request_count: int = 0
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By tenant id: what the control API was told to remember."""
    entra: EntraState = field(default_factory=EntraState)
    switches: Switches = field(default_factory=Switches)
    smtp_port: int = 0
    dns_port: int | None = None
    """Of the name server of invented names; None: there is none."""
    clock_offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the lab's own time, which the control API can move."""
        return datetime.now(UTC) + self.clock_offset

    def tenant(self, key: str) -> Tenant | None:
        """Find a tenant by its id or domain, in any case."""
        wanted = key.lower()
        if wanted in self.tenants:
            return self.tenants[wanted]
        return next((t for t in self.tenants.values() if t.domain == wanted), None)
