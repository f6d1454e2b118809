"""Conditional access as a pure function: policies and one sign-in give allowed or blocked, and why.

Order and words of results follow Microsoft's sign-in log (`appliedConditionalAccessPolicyResult`); block
wins over every grant, all applying policies must be met, exclusion wins over inclusion, and a report-only
policy is evaluated and shown but never enforced (reference microsoft.md 4.1).
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from vedette_lab.conditional_access.matching import FilterDevice, evaluate
from vedette_lab.conditional_access.policy import DISABLED, REPORT_ONLY, Policy, Scope

BLOCKED_BY_POLICY = 53003
DEVICE_NOT_COMPLIANT = 53000
DEVICE_NOT_JOINED = 53001
MFA_NEEDED = 50076


@dataclass(frozen=True)
class Application:
    """What is signed in to; `suites` are names such as Office365 that stand for several applications."""

    id: str
    name: str
    suites: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SignInRequest:
    """One sign-in. `device` is None for a client that presents no device identity.

    `groups` are the ids of all groups, nested ones included; `platform` is what the client claims to be
    (None: unknown); `mfa` tells whether the person can answer a second factor.
    """

    user_id: str
    groups: frozenset[str]
    device: FilterDevice | None
    application: Application
    client_app_type: str
    platform: str | None
    roles: frozenset[str] = frozenset()
    guest: bool = False
    mfa: bool = True


@dataclass(frozen=True)
class PolicyResult:
    """What one policy said; `result` is success, failure, notApplied, notEnabled or reportOnlySuccess etc."""

    id: str
    name: str
    state: str
    result: str
    why: str
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The outcome; `error_code` is the AADSTS number that a blocked client gets, 0 when allowed."""

    allowed: bool
    reason: str
    error_code: int
    evaluated_at: datetime
    results: tuple[PolicyResult, ...] = field(default=())


def decide(policies: Sequence[Policy], request: SignInRequest, now: datetime) -> Decision:
    """Evaluate every policy for a sign-in. Total: raises nothing."""
    outcomes = [_evaluate(policy, request) for policy in policies]
    results = tuple(result for result, _ in outcomes)
    failures = [(result, code) for result, code in outcomes if result.result == "failure"]
    if not failures:
        enforced = any(result.result == "success" for result in results)
        reason = "every policy that applies is met" if enforced else "no enforced policy applies"
        return Decision(
            allowed=True, reason=f"Allowed: {reason}.", error_code=0, evaluated_at=now, results=results
        )
    failures.sort(key=lambda failure: "block" not in failure[0].controls)
    first, code = failures[0]
    reason = f'Blocked by "{first.name}": {first.why}.'
    return Decision(allowed=False, reason=reason, error_code=code, evaluated_at=now, results=results)


def _evaluate(policy: Policy, request: SignInRequest) -> tuple[PolicyResult, int]:
    """Return the result and the error number of a failure."""
    if policy.state == DISABLED:
        return _result(policy, "notEnabled", "the policy is off"), 0
    prefix = "reportOnly" if policy.state == REPORT_ONLY else ""
    applies = []
    for holds, why in _conditions(policy, request):
        if not holds:
            return _result(policy, _name(prefix, "notApplied"), why), 0
        applies.append(why)
    met, grant, code = _grant(policy, request)
    why = "; ".join(each for each in (*applies, grant) if each)
    if prefix:
        why = f"report-only, nothing is enforced: {why}"
    return _result(policy, _name(prefix, "success" if met else "failure"), why), code


def _name(prefix: str, result: str) -> str:
    return f"{prefix}{result[0].upper()}{result[1:]}" if prefix else result


def _result(policy: Policy, result: str, why: str) -> PolicyResult:
    return PolicyResult(policy.id, policy.name, policy.state, result, why, policy.controls)


def _conditions(policy: Policy, request: SignInRequest) -> Iterator[tuple[bool, str]]:
    """Each condition in turn, with what it found; a why of a condition that says nothing is empty."""
    yield _users(policy, request)
    yield _applications(policy.applications, request.application)
    yield _client(policy.client_app_types, request.client_app_type)
    yield _platform(policy.platforms, request.platform)
    yield _device(policy, request.device)


def _users(policy: Policy, request: SignInRequest) -> tuple[bool, str]:
    names = {request.user_id, "All", *(["GuestsOrExternalUsers"] if request.guest else [])}
    scopes: tuple[tuple[Scope, AbstractSet[str], str], ...] = (
        (policy.users, names, "the person"),
        (policy.groups, request.groups, "a group of the person"),
        (policy.roles, request.roles, "a role of the person"),
    )
    for scope, mine, what in scopes:
        if scope.exclude & mine:
            return False, f"{what} is excluded"
    if any(scope.include & mine for scope, mine, _ in scopes):
        return True, ""
    return False, "the person is not among the included users, groups and roles"


def _applications(scope: Scope, application: Application) -> tuple[bool, str]:
    names = {application.id} | application.suites
    if scope.exclude & names:
        return False, f"{application.name} is excluded"
    if scope.include & (names | {"All"}):
        return True, ""
    return False, f"{application.name} is not among the included applications"


def _client(types: frozenset[str], client: str) -> tuple[bool, str]:
    if types & {client, "all"}:
        return True, ""
    return False, f"the policy is for other kinds of client than {client}"


def _platform(scope: Scope | None, platform: str | None) -> tuple[bool, str]:
    """Compare platforms; an unknown one is met by "all" only (the portal's "any device")."""
    if scope is None:
        return True, ""
    mine = {platform, "all"} if platform else {"all"}
    if platform in scope.exclude or "all" in scope.exclude:
        return False, f"the platform {platform or 'unknown'} is excluded"
    if scope.include & mine:
        return True, ""
    return False, f"the platform {platform or 'unknown'} is not among the included ones"


def _device(policy: Policy, device: FilterDevice | None) -> tuple[bool, str]:
    if policy.device_filter is None:
        return True, ""
    matched = evaluate(policy.device_filter.rule, device)
    if policy.device_filter.mode == "include":
        return matched.applies, matched.why
    if matched.applies:
        return False, f"the device filter excludes it: {matched.why}"
    return True, f"the device filter excludes others: {matched.why}"


def _grant(policy: Policy, request: SignInRequest) -> tuple[bool, str, int]:
    """Tell whether the controls are met, name those that decided it, and the error of the first unmet."""
    answers = [_control(control, request) for control in policy.controls]
    met = (all if policy.operator == "AND" else any)(answer[0] for answer in answers)
    telling = [answer for answer in answers if answer[0] == met]
    return met, " and ".join(answer[1] for answer in telling), 0 if met else telling[0][2]


def _control(control: str, request: SignInRequest) -> tuple[bool, str, int]:
    device = request.device
    if control == "block":
        return False, "access is blocked", BLOCKED_BY_POLICY
    if control == "mfa":
        why = "a second factor was given" if request.mfa else "a second factor is required"
        return request.mfa, why, MFA_NEEDED
    if control == "compliantDevice":
        return _compliant(device)
    joined = device is not None and device.hybrid_joined
    why = "the device is hybrid joined" if joined else "a hybrid-joined device is required"
    return joined, why, DEVICE_NOT_JOINED


def _compliant(device: FilterDevice | None) -> tuple[bool, str, int]:
    if device is None:
        why = "a compliant device is required and the sign-in carries no device identity"
        return False, why, DEVICE_NOT_COMPLIANT
    if device.compliant:
        return True, f"{device.name} is compliant", 0
    return False, f"a compliant device is required and {device.name} is not compliant", DEVICE_NOT_COMPLIANT
