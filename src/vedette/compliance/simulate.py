"""Test threats: a harmless, marked threat on one phone that goes the whole way to Microsoft and back (H).

It is rated by the policy in force like a real one, so it shows whether rules, mail and delivery work. No
report ends it: it ends by a click, or by itself after an hour.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.compliance import signals, state
from vedette.compliance.lifecycle import Refused
from vedette.compliance.models import DeviceState, Simulation, StateChange
from vedette.compliance.threat_events import threat_event
from vedette.devices.models import Device
from vedette.events.log import SYSTEM, Actor, Draft, Target, change, emit_all
from vedette.foundation import clock, database
from vedette.foundation.ids import new_id
from vedette.threats.models import PolicyLevel, Threat
from vedette.verdict import CLASSIFICATIONS
from vedette.verdict import DeviceState as State

CAUSE: Final = "simulation"
KEY: Final = "simulated"
DETECTOR: Final = "simulation"
DEFAULT: Final = "TROJAN"
LENGTH: Final = timedelta(hours=1)
SUMMARY: Final = "A test threat: nothing is wrong with the phone."
MEND: Final = "Nothing to do: the test ends by itself within an hour."
ENDED_BY_HAND: Final = "An administrator ended the test."
ENDED_BY_TIME: Final = "The hour of the test was over."
_WITHOUT_EFFECT: Final = frozenset({State.PENDING, State.DISCONNECTED, State.DEACTIVATED})


def running(device_id: UUID) -> Simulation | None:
    """Return the test that runs on a device, or None; inside the tenant's door."""
    return Simulation.objects.filter(device_id=device_id, ended_at=None).first()


def may_simulate(device: Device, known: str) -> bool:
    """Tell whether a test would show: only phones that report are judged by their threats."""
    return device.activation_status == Device.Activation.ACTIVATED and State(known) not in _WITHOUT_EFFECT


def start(device: Device, classification: str, actor: Actor) -> Threat:
    """Open a simulated threat of this classification. Raises Refused."""
    with database.writer(device.tenant_id):
        row = Device.objects.select_related("state_row").defer("facts").get(id=device.id)
        known: DeviceState | None = getattr(row, "state_row", None)
        if known is None or not may_simulate(row, known.state):
            raise Refused(gettext("Only a phone that is activated and reports can be tested."))
        if running(device.id):
            raise Refused(gettext("A test runs on this phone already. End it first."))
        level = PolicyLevel.objects.filter(group_id=row.group_id, classification=classification).first()
        if classification not in CLASSIFICATIONS or level is None:
            raise Refused(gettext("Choose one of the classifications of your security policy."))
        threat = _open(row, level)
        now = clock.now()
        Simulation.objects.create(
            tenant_id=device.tenant_id,
            device_id=device.id,
            threat_id=threat.id,
            started_at=now,
            started_by=actor.name or actor.id,
            ends_at=now + LENGTH,
        )
        emit_all(
            [
                _audit("threat.simulated", threat, None, classification, actor),
                threat_event(threat, "CREATED", actor=actor),
            ]
        )
        detail = {"threat_id": str(threat.id), "classification": classification}
        state.decide_devices([device.id], CAUSE, detail, actor=actor)
        signals.threats_opened.send(sender=Threat, tenant_id=device.tenant_id, threats=[threat])
        return threat


def end(device: Device, actor: Actor) -> list[StateChange]:
    """End the test on a device. Raises Refused."""
    with database.writer(device.tenant_id):
        rows = list(Simulation.objects.filter(device_id=device.id, ended_at=None))
        if not rows:
            raise Refused(gettext("No test runs on this phone any more: it ended meanwhile."))
        return _end(rows, ENDED_BY_HAND, actor)


def tenants_due() -> list[UUID]:
    """List the tenants with tests whose hour is over."""
    with database.system():
        over = Simulation.objects.filter(ended_at=None, ends_at__lte=clock.now())
        return list(over.values_list("tenant_id", flat=True).distinct())


def expire(tenant_id: UUID) -> list[StateChange]:
    """End the tests whose hour is over."""
    with database.writer(tenant_id):
        over = Simulation.objects.filter(ended_at=None, ends_at__lte=clock.now()).order_by("id")
        return _end(list(over), ENDED_BY_TIME, SYSTEM)


def _open(device: Device, level: PolicyLevel) -> Threat:
    now = clock.now()
    return Threat.objects.create(
        id=new_id(),
        tenant_id=device.tenant_id,
        device=device,
        classification=level.classification,
        key=KEY,
        risk=level.risk,
        response=level.response,
        summary=SUMMARY,
        mend=MEND,
        detector=DETECTOR,
        simulated=True,
        detected_at=now,
        created_at=now,
        updated_at=now,
    )


def _end(rows: Iterable[Simulation], resolution: str, actor: Actor) -> list[StateChange]:
    tests, now = list(rows), clock.now()
    Simulation.objects.filter(id__in=[row.id for row in tests]).update(ended_at=now)
    threats = Threat.objects.filter(id__in=[row.threat_id for row in tests]).exclude(
        status=Threat.Status.RESOLVED
    )
    drafts: list[Draft] = []
    for threat in threats.select_related("device").defer("device__facts"):
        before, threat.status = threat.status, Threat.Status.RESOLVED
        threat.resolved_at = threat.updated_at = now
        threat.resolution = resolution
        threat.save(update_fields=["status", "resolved_at", "updated_at", "resolution"])
        drafts += [
            _audit("threat.simulation_ended", threat, threat.classification, None, actor),
            threat_event(threat, "RESOLVED", before=before, actor=actor),
        ]
    emit_all(drafts)
    ended = "by_hand" if actor is not SYSTEM else "expired"
    changes = state.decide_devices([row.device_id for row in tests], CAUSE, {"ended": ended}, actor=actor)
    if tests:
        signals.threats_changed.send(
            sender=Threat, tenant_id=tests[0].tenant_id, device_ids={row.device_id for row in tests}
        )
    return changes


def _audit(action: str, threat: Threat, before: str | None, after: str | None, actor: Actor) -> Draft:
    return Draft(
        action=action,
        actor=actor,
        target=Target("device", str(threat.device_id), threat.device.display_name),
        changes=[change("test_threat", before, after)],
        detail={"threat_id": str(threat.id)},
    )
