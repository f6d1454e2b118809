"""What the lab's Entra keeps of applications: registrations, their credentials, and consents."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class AppSecret:
    """A client secret and when it ends."""

    value: str
    expires: datetime


@dataclass(slots=True)
class AppCertificate:
    """A certificate registered for an application; thumbprints as base64url without padding."""

    pem: str
    x5t: str
    x5t_s256: str


@dataclass(slots=True)
class FederatedCredential:
    """An outside issuer whose tokens, for this subject and one of these audiences, prove the application."""

    issuer: str
    subject: str
    audiences: list[str] = field(default_factory=lambda: ["api://AzureADTokenExchange"])


@dataclass(slots=True, eq=False)
class AppRegistration:
    """An application registration with its manifest's permissions."""

    client_id: str
    object_id: str
    display_name: str
    home_tenant: str
    redirect_uris: list[str] = field(default_factory=list)
    public_redirect_uris: list[str] = field(default_factory=list)
    """Platform "Mobile and desktop applications": whoever comes back there has no secret."""
    permissions: list[str] = field(default_factory=list)
    """Application permissions (app roles) of Microsoft Graph that the manifest asks for."""
    delegated_permissions: list[str] = field(
        default_factory=lambda: ["openid", "profile", "email", "User.Read"]
    )
    secrets: list[AppSecret] = field(default_factory=list)
    certificates: list[AppCertificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    multi_tenant: bool = True
    group_claims: str = "DirectoryRole"
    """`groupMembershipClaims`: None, SecurityGroup, DirectoryRole, All, joined by a comma."""
    omit_wids: bool = False
    """A test switch: leave `wids` out, as an over-size token does (microsoft.md 3.4)."""
    assignment_required: bool = False


@dataclass(slots=True)
class ServicePrincipal:
    """The presence of an application in one tenant."""

    id: str
    app_id: str
    created: datetime
    assigned: set[str] = field(default_factory=set)
    """Users and groups assigned to the enterprise app; counts only where assignment is required."""


@dataclass(slots=True)
class Consent:
    """An administrator's consent; the permissions count from `effective` on (propagation)."""

    app_id: str
    permissions: tuple[str, ...]
    granted: datetime
    granted_by: str
    effective: datetime
