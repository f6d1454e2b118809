"""A sign-in to a Microsoft application from a phone: asks conditional access, gives a token that lives on.

A decision falls when a token is issued. A token already out stays good until it expires or is revoked
(reference microsoft.md 4.7, 1), so "use existing session" shows what enforcement does not reach.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from vedette_lab.conditional_access.engine import Application, Decision, PolicyResult, SignInRequest, decide
from vedette_lab.conditional_access.matching import FilterDevice, Value
from vedette_lab.conditional_access.policy import Policy, PolicyError, read
from vedette_lab.directory import Device, User
from vedette_lab.intune import service as intune
from vedette_lab.intune.compliance import platform_of
from vedette_lab.model import Cloud, IssuedToken, SignIn, Tenant, new_id

OFFICE = frozenset({"Office365"})
APPLICATIONS: dict[str, Application] = {
    "mail": Application("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online", OFFICE),
    "files": Application("00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online", OFFICE),
    "chat": Application("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", "Microsoft Teams Services", OFFICE),
    "intune": Application("0000000a-0000-0000-c000-000000000000", "Microsoft Intune"),
    "enrollment": Application("d4ebce55-015a-49b5-a083-c84d1797ae8c", "Microsoft Intune Enrollment"),
}
"""Applications by the lab's short word for them; ids are Microsoft's."""

CLIENTS = {"mailApp": "mobileAppsAndDesktopClients", "browser": "browser"}
"""Short words for kinds of client; Graph's own words are taken too."""

PLATFORMS = {"android": "android", "ios": "iOS", "windows": "windows", "macos": "macOS", "linux": "linux"}
KEPT_SIGN_INS = 2000


@dataclass(frozen=True)
class Attempt:
    """Who signs in to what, from which client and device (None: no device identity is presented)."""

    user: User
    application: Application
    client_app_type: str
    platform: str | None
    device: Device | None = None
    mfa: bool = True


@dataclass(frozen=True)
class Outcome:
    """The decision, the line in the sign-in log, and the token when allowed."""

    decision: Decision
    log: SignIn
    token: IssuedToken | None


def application(cloud: Cloud, name: str) -> Application | None:
    """Find an application by short word, by id, or among those registered in the lab."""
    if name in APPLICATIONS:
        return APPLICATIONS[name]
    known = next((each for each in APPLICATIONS.values() if each.id == name), None)
    if known is None and (registered := cloud.apps.get(name)):
        known = Application(registered.client_id, registered.display_name)
    return known


def platform(device: Device | None, claimed: str | None) -> str | None:
    """Return Graph's word for the platform the client claims, else for the device's; None when unknown."""
    if claimed:
        return PLATFORMS.get(claimed.lower())
    return PLATFORMS.get(platform_of(device.operating_system)) if device else None


def filter_device(tenant: Tenant, device: Device) -> FilterDevice:
    """Return a device as filters and grant controls see it."""
    managed = tenant.managed_by_device.get(device.device_id)
    attributes: Mapping[str, Value] = {
        "deviceId": device.device_id,
        "displayName": device.display_name,
        "deviceOwnership": device.ownership,
        "isCompliant": str(bool(device.is_compliant)),
        "manufacturer": device.manufacturer,
        "mdmAppId": device.mdm_app_id,
        "model": device.model,
        "operatingSystem": device.operating_system,
        "operatingSystemVersion": device.operating_system_version,
        "profileType": device.profile_type,
        "trustType": device.trust_type,
        **device.extension_attributes,
    }
    return FilterDevice(
        name=device.display_name,
        attributes=attributes,
        managed=managed is not None,
        compliant=bool(device.is_compliant),
        hybrid_joined=device.trust_type == "ServerAd",
    )


def sign_in(cloud: Cloud, tenant: Tenant, attempt: Attempt) -> Outcome:
    """Decide a sign-in, write it to the log and issue a token when it is allowed."""
    now = cloud.now()
    intune.settle(tenant, now)
    decision = _decide(tenant, attempt, now)
    token = _token(cloud, attempt, now) if decision.allowed else None
    log = SignIn(
        id=new_id(),
        at=now,
        user_id=attempt.user.id,
        app=attempt.application.name,
        client=attempt.client_app_type,
        platform=attempt.platform or "unknown",
        device_id=attempt.device.id if attempt.device else None,
        allowed=decision.allowed,
        reason=decision.reason,
        error_code=decision.error_code,
        policies=[asdict(result) for result in decision.results],
        token_id=token.id if token else None,
    )
    tenant.sign_ins.append(log)
    del tenant.sign_ins[:-KEPT_SIGN_INS]
    if token:
        tenant.tokens[token.id] = token
    return Outcome(decision, log, token)


def _decide(tenant: Tenant, attempt: Attempt, now: datetime) -> Decision:
    account = _account(attempt, now)
    if account is not None:
        return account
    policies, unreadable = _policies(tenant)
    groups = tenant.directory.transitive_member_of(attempt.user.id, seen_at=now)
    request = SignInRequest(
        user_id=attempt.user.id,
        groups=frozenset(group.id for group in groups),
        device=filter_device(tenant, attempt.device) if attempt.device else None,
        application=attempt.application,
        client_app_type=attempt.client_app_type,
        platform=attempt.platform,
        roles=frozenset(attempt.user.roles),
        guest=attempt.user.user_type == "Guest",
        mfa=attempt.mfa,
    )
    decision = decide(policies, request, now)
    return Decision(
        decision.allowed, decision.reason, decision.error_code, now, (*decision.results, *unreadable)
    )


def _account(attempt: Attempt, now: datetime) -> Decision | None:
    """Refuse accounts and devices that Entra refuses before any policy (AADSTS50057, 50097)."""
    if not attempt.user.account_enabled:
        reason, code = "The account is disabled.", 50057
    elif attempt.device and not attempt.device.account_enabled:
        reason, code = f"The device {attempt.device.display_name} is disabled in Entra.", 50097
    else:
        return None
    return Decision(allowed=False, reason=reason, error_code=code, evaluated_at=now)


def _policies(tenant: Tenant) -> tuple[list[Policy], tuple[PolicyResult, ...]]:
    """Read the tenant's policies; one that cannot be read is shown as unknown instead of ignored."""
    readable: list[Policy] = []
    unreadable: list[PolicyResult] = []
    for policy in tenant.ca_policies.values():
        try:
            readable.append(read(policy.id, policy.body))
        except PolicyError as error:
            why = f"the lab cannot evaluate this policy: {error}"
            unreadable.append(PolicyResult(policy.id, policy.display_name, policy.state, "unknown", why))
    return readable, tuple(unreadable)


def _token(cloud: Cloud, attempt: Attempt, now: datetime) -> IssuedToken:
    return IssuedToken(
        id=new_id(),
        kind="resource",
        app=attempt.application.id,
        issued=now,
        expires=now + timedelta(seconds=cloud.switches.token_lifetime_seconds),
        user_id=attempt.user.id,
        device_id=attempt.device.id if attempt.device else None,
        refreshable=True,
    )


def session(tenant: Tenant, attempt: Attempt, now: datetime) -> IssuedToken | None:
    """Return the newest token of this person, app and device that still opens the door, if any."""
    return _newest(token for token in _tokens(tenant, attempt) if token.alive(now))


def renewed(cloud: Cloud, tenant: Tenant, attempt: Attempt) -> Outcome | None:
    """Ask for a new token with a refresh token, None without one: conditional access decides, nobody is asked."""
    if _newest(token for token in _tokens(tenant, attempt) if token.refreshable) is None:
        return None
    return sign_in(cloud, tenant, attempt)


def _tokens(tenant: Tenant, attempt: Attempt) -> Iterator[IssuedToken]:
    """The tokens of this person, app and device."""
    wanted = (attempt.user.id, attempt.device.id if attempt.device else None, attempt.application.id)
    for token in tenant.tokens.values():
        if (token.user_id, token.device_id, token.app) == wanted and token.kind == "resource":
            yield token


def _newest(tokens: Iterable[IssuedToken]) -> IssuedToken | None:
    return max(tokens, key=lambda token: token.issued, default=None)
