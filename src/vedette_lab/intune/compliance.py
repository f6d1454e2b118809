"""Compliance of one phone as a pure function of its policies, their assignments and the time.

Sources: reference microsoft.md 1.5 (grace period, scheduled actions), 2.4 (secureByDefault).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vedette_lab.intune.settings import Phone, Result, State, judge
from vedette_lab.intune_model import CompliancePolicy, Json

ANDROID_TYPES = (
    "androidCompliancePolicy",
    "androidWorkProfileCompliancePolicy",
    "androidDeviceOwnerCompliancePolicy",
)
POLICY_TYPES = {**dict.fromkeys(ANDROID_TYPES, "android"), "iosCompliancePolicy": "ios"}
"""Which platform a policy type is for."""


@dataclass(frozen=True)
class Target:
    """The phone as a target of assignments: ids of groups, nested ones included."""

    platform: str
    user_groups: frozenset[str]
    device_groups: frozenset[str]
    has_user: bool


@dataclass(frozen=True)
class PolicyOutcome:
    """What one policy says about the phone."""

    policy: CompliancePolicy
    state: State
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Outcome:
    """Compliance of the phone. `state` is of Graph's `complianceState`."""

    state: str
    policies: tuple[PolicyOutcome, ...]
    noncompliant_since: datetime | None = None
    grace_expires: datetime | None = None

    @property
    def counts_as_compliant(self) -> bool:
        """`device.isCompliant`: a phone in its grace period still is."""
        return self.state in {"compliant", "inGracePeriod"}


def platform_of(operating_system: str) -> str:
    """Return android, ios or the system's own name in lower case."""
    system = operating_system.lower()
    return "ios" if system in {"ios", "ipados"} else "android" if system.startswith("android") else system


def policy_platform(policy: CompliancePolicy) -> str | None:
    """Return android or ios, or None for a type the lab does not evaluate."""
    return POLICY_TYPES.get(policy.odata_type.rpartition(".")[2])


def reach(policy: CompliancePolicy, target: Target) -> str | None:
    """Return how assignments reach the phone: user, device or None. Exclusion wins."""
    ways: set[str] = set()
    for assignment in policy.assignments:
        kind = str(assignment.target.get("@odata.type", "")).rpartition(".")[2]
        group = assignment.target.get("groupId")
        in_user, in_device = group in target.user_groups, group in target.device_groups
        if kind == "exclusionGroupAssignmentTarget" and (in_user or in_device):
            return None
        if (kind == "allLicensedUsersAssignmentTarget" and target.has_user) or (
            kind == "groupAssignmentTarget" and in_user
        ):
            ways.add("user")
        if kind == "allDevicesAssignmentTarget" or (kind == "groupAssignmentTarget" and in_device):
            ways.add("device")
    return "user" if "user" in ways else "device" if "device" in ways else None


def assess(
    policies: Sequence[CompliancePolicy],
    target: Target,
    phone: Phone,
    *,
    noncompliant_since: datetime | None,
    secure_by_default: bool,
    now: datetime,
) -> Outcome:
    """Judge a phone by every policy that reaches it.

    `noncompliant_since` is what the last assessment left: the grace period counts from the start of the
    breach. With no policy at all the phone is compliant, or not when the tenant is secure by default.
    """
    outcomes = []
    for policy in policies:
        way = reach(policy, target)
        if way is not None and policy_platform(policy) == target.platform:
            outcomes.append(_outcome(policy, phone, through_user=way == "user"))
    if not outcomes:
        return Outcome("noncompliant" if secure_by_default else "compliant", ())
    failed = [each.policy for each in outcomes if each.state is State.NONCOMPLIANT]
    if not failed:
        return Outcome("compliant", tuple(outcomes))
    since = noncompliant_since or now
    expires = since + min(grace_period(policy) for policy in failed)
    state = "inGracePeriod" if now < expires else "noncompliant"
    return Outcome(state, tuple(outcomes), since, expires if now < expires else None)


def _outcome(policy: CompliancePolicy, phone: Phone, *, through_user: bool) -> PolicyOutcome:
    results = judge(policy.settings, phone, through_user=through_user)
    states = {result.state for result in results}
    if State.NONCOMPLIANT in states:
        state = State.NONCOMPLIANT
    elif results and states == {State.NOT_APPLICABLE}:
        state = State.NOT_APPLICABLE
    else:
        state = State.COMPLIANT
    return PolicyOutcome(policy, state, tuple(results))


def grace_period(policy: CompliancePolicy) -> timedelta:
    """Return how long after a breach the policy's `block` action marks the phone noncompliant."""
    hours = [
        item.grace_period_hours
        for action in policy.scheduled_actions
        for item in action.configurations
        if item.action_type == "block"
    ]
    return timedelta(hours=min(hours, default=0))


def policy_states(outcome: Outcome) -> list[Json]:
    """Return the outcome in the shape of Graph's `deviceCompliancePolicyState`, with the reasons added."""
    return [
        {
            "id": each.policy.id,
            "displayName": each.policy.display_name,
            "state": str(each.state),
            "settingCount": len(each.results),
            "settingStates": [
                {
                    "setting": result.setting,
                    "state": str(result.state),
                    "currentValue": result.current,
                    "errorDescription": result.why,
                }
                for result in each.results
            ],
        }
        for each in outcome.policies
    ]
