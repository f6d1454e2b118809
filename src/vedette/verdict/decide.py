"""decide(): from what is known about a device to its state. Pure and total."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from vedette.verdict.classifications import classification
from vedette.verdict.findings import AGENT, ANY, Observation
from vedette.verdict.policy import Policy
from vedette.verdict.risk import Risk, highest
from vedette.verdict.states import THREAT_STATES, DeviceState

Activation = Literal["PENDING", "ACTIVATED", "DEACTIVATED"]


class Rated(Protocol):
    """A threat for the purpose of rating: a Finding, or a row of the table of threats."""

    @property
    def classification(self) -> str:
        """Code of its classification."""

    @property
    def key(self) -> str:
        """What identifies it on the device."""

    @property
    def origin(self) -> str:
        """Who said what it rests on: findings.AGENT or findings.INTUNE."""


@dataclass(frozen=True)
class Reason:
    """Why a device is in its state.

    `code`: not_activated, deactivated, no_report, disconnected, threat, detector_failed, unanswered.
    `subject` is the classification, detector or rule; `key` and `risk` are set for a threat.
    """

    code: str
    subject: str = ""
    key: str = ""
    risk: Risk = Risk.NONE


@dataclass(frozen=True)
class Decision:
    """State with its reasons, worst first. `risk` is the highest risk of open threats, whatever the state."""

    state: DeviceState
    risk: Risk
    needs_it: bool
    reasons: tuple[Reason, ...]


def decide(
    *,
    activation: Activation,
    disconnected: bool,
    facts_present: bool,
    threats: Iterable[Rated],
    policy: Policy,
    detector_failures: Sequence[str] = (),
    unanswered: Collection[str] = (),
) -> Decision:
    """Decide the state of a device (requirements E2, design.md 2 and 4).

    `threats` are the open ones. In order: deactivated; disconnected; while the app is not activated or has not
    reported, the highest risk from LOW up of what others than the app found, else pending; the highest risk of
    open threats from LOW up; misconfigured while a detector failed or a rule that matters has no answer
    (`unanswered()`); secured.
    A known threat is never hidden by a blind spot, and a blind spot is never called secured.
    """
    listed = list(threats)
    rated = sorted((_rated(t, policy) for t in listed), key=lambda r: (-r.risk, r.subject, r.key))
    risk = highest(reason.risk for reason in rated)
    blind = [
        *(Reason("detector_failed", name) for name in sorted(set(detector_failures))),
        *(Reason("unanswered", rule) for rule in sorted(set(unanswered))),
    ]
    lifecycle = _lifecycle(activation, disconnected=disconnected, facts_present=facts_present)
    needs_it = _needs_it(rated)
    if lifecycle is None:
        return Decision(_protected(risk, blind), risk, needs_it, (*rated, *blind))
    state, why = lifecycle
    seen = highest(_rated(t, policy).risk for t in listed if t.origin != AGENT)
    if state is DeviceState.PENDING and seen.counts:
        # The app has not spoken, but somebody else has: what they found counts, and comes first.
        return Decision(THREAT_STATES[seen], risk, needs_it, (*rated, *blind, why))
    return Decision(state, risk, needs_it, (why, *rated, *blind))


def _rated(threat: Rated, policy: Policy) -> Reason:
    return Reason("threat", threat.classification, threat.key, policy.risk(threat.classification))


def _lifecycle(
    activation: Activation, *, disconnected: bool, facts_present: bool
) -> tuple[DeviceState, Reason] | None:
    """Give the state that holds whatever the app found, if one does."""
    if activation == "DEACTIVATED":
        return DeviceState.DEACTIVATED, Reason("deactivated")
    if activation == "PENDING":
        return DeviceState.PENDING, Reason("not_activated")
    if disconnected:
        return DeviceState.DISCONNECTED, Reason("disconnected")
    if not facts_present:
        return DeviceState.PENDING, Reason("no_report")
    return None


def _protected(risk: Risk, blind: Sequence[Reason]) -> DeviceState:
    if blind and not risk.counts:
        return DeviceState.MISCONFIGURED
    return THREAT_STATES[risk]


def _needs_it(rated: Iterable[Reason]) -> bool:
    """Count only threats that the policy rates HIGH: what an organisation rated down must not block."""
    return any(reason.risk is Risk.HIGH and classification(reason.subject).needs_it for reason in rated)


def unanswered(observations: Iterable[Observation], policy: Policy) -> tuple[str, ...]:
    """Name the rules without an answer whose failing would count under the policy, sorted.

    A rule whose classification is rated NONE or ADVISORY would leave the device secured even when it
    fails, so its silence does too.
    """
    silent = {
        o.rule
        for o in observations
        if o.status == "unknown" and (o.classification == ANY or policy.risk(o.classification).counts)
    }
    return tuple(sorted(silent - policy.may_stay_unknown))
