"""What would change if a scan counted for a device: asked before somebody says which phone it is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from vedette.compliance import attached, inbox
from vedette.compliance.attached import Wish
from vedette.compliance.judge import benches, judge
from vedette.compliance.models import DeviceState
from vedette.devices.models import Device
from vedette.foundation import database
from vedette.scans.models import Scan
from vedette.threats.models import PolicyLevel, PolicyParameters, Threat
from vedette.verdict import Finding, Risk, reconcile
from vedette.verdict.decide import decide, unanswered
from vedette.verdict.policy import Level, Policy
from vedette.verdict.risk import Response


@dataclass(frozen=True)
class Preview:
    """Findings that become threats, each with its risk by the policy of the device's group, the worst first.

    `resolved`: threats that the scan proves to be gone; states as DeviceState has them. `problem`: why it is not told.
    """

    device: Device
    scan: Scan
    opened: Sequence[tuple[Finding, Risk]]
    resolved: Sequence[Threat]
    state_now: str
    state_then: str
    problem: str = ""


def preview(tenant_id: UUID, wish: Wish) -> Preview:
    """Judge the device with the scan, and write nothing. Outside any door; raises Refused."""
    with database.tenant(tenant_id):
        device, scan = attached.check(wish)
        case = inbox.of_device(device.id)
        assert case is not None  # a device that is not deactivated is judged
        known = attached.acquired(Scan.objects.get(id=scan.id), wish.collected_at)
        judged = judge(replace(case, scans=(*case.scans, known)), benches()[case.group_id])
        rows = Threat.objects.filter(device=device, simulated=False).exclude(status=Threat.Status.RESOLVED)
        threats = list(rows)
        row = DeviceState.objects.filter(device=device).first()
        state = row.state if row else "pending"
        if judged.result is None:
            return Preview(device, scan, (), (), state, state, judged.problem)
        changes = reconcile(threats, judged.result.observations)
        policy = _policy(case.group_id)
    opened = [
        (finding, policy.risk(finding.classification))
        for finding in changes.new
        if (finding.classification, finding.key) not in judged.held
    ]
    left = [threat for threat, _ in changes.still_open if threat.status == Threat.Status.OPEN]
    then = decide(
        activation="ACTIVATED" if device.activation_status == Device.Activation.ACTIVATED else "PENDING",
        disconnected=device.disconnected_at is not None,
        facts_present=case.facts is not None,
        threats=[*(finding for finding, _ in opened), *left],
        policy=policy,
        detector_failures=[failure.name for failure in judged.result.failures],
        unanswered=unanswered(judged.result.observations, policy),
    )
    return Preview(
        device,
        scan,
        sorted(opened, key=lambda pair: -pair[1]),
        changes.resolved,
        state,
        then.state.value,
    )


def _policy(group_id: UUID) -> Policy:
    """Read how a group rates, and which rules may stay without an answer; inside the tenant's door."""
    rows = PolicyLevel.objects.filter(group_id=group_id)
    levels = {row.classification: Level(Risk(row.risk), Response(row.response)) for row in rows}
    parameters = PolicyParameters.objects.filter(group_id=group_id).first() or PolicyParameters()
    return Policy(levels=levels, may_stay_unknown=frozenset(parameters.may_stay_unknown))
