"""Monitor mode and arming: whether verdicts reach Microsoft at all (requirement H)."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, QuerySet

from vedette.compliance import signals
from vedette.compliance.models import DeviceState
from vedette.devices.models import Device
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant
from vedette.verdict import DeviceState as State
from vedette.verdict import at_or_under
from vedette.verdict.states import REQUIRED_FOR_MINIMUM

LEAVING = frozenset({Tenant.Status.DISCONNECTING, Tenant.Status.DISCONNECTED})
"""A tenant that is disconnected, or about to be, writes nothing and cannot be armed."""
# No level is proven for these: whether they are blocked is the choice of whoever writes the rule.
_BY_CHOICE = (State.PENDING, State.MISCONFIGURED)


@dataclass(frozen=True)
class WouldBlock:
    """Whom a rule with this minimum level would block now.

    `blocked`: for a threat of the level or above, or because they are disconnected. `undecided`: pending and
    misconfigured ones, which a fail-closed rule blocks and a fail-open rule admits.
    """

    minimum: str
    blocked: int
    undecided: int
    by_state: dict[str, int] = field(default_factory=dict)


def would_block(tenant_id: UUID, minimum: str = "high") -> WouldBlock:
    """Count the devices that a rule with minimum level `low`, `medium` or `high` would block (E3).

    By what Microsoft is told, so neither phones let in for a time nor those that the brake holds.
    """
    with database.tenant(tenant_id):
        rows = DeviceState.objects.values_list("told").annotate(count=Count("device_id"))
        counts = {str(state): int(count) for state, count in rows}
    blocked = {state: counts.get(state, 0) for state in blocking_states(minimum)}
    undecided = sum(counts.get(state, 0) for state in _BY_CHOICE)
    return WouldBlock(minimum, sum(blocked.values()), undecided, counts)


def would_block_devices(minimum: str = "high") -> QuerySet[Device]:
    """Return those devices, worst first; inside the tenant's door."""
    return (
        Device.objects.filter(state_row__told__in=blocking_states(minimum))
        .select_related("state_row")
        .defer("facts")
        .order_by("-state_row__risk", "display_name", "id")
    )


def blocking_states(minimum: str) -> list[str]:
    """List the states that a rule with this minimum level blocks. Raises KeyError for another word."""
    required = REQUIRED_FOR_MINIMUM[minimum]
    spared = {*_BY_CHOICE, State.DEACTIVATED}
    return [state.value for state in State if state not in spared and not at_or_under(required, state)]


def arm(tenant_id: UUID, actor: Actor) -> bool:
    """Let verdicts reach Microsoft from now on; False when they do already."""
    return _switch(tenant_id, Tenant.Mode.ARMED, actor)


def monitor(tenant_id: UUID, actor: Actor) -> bool:
    """Go back to watching: what was written to Microsoft is withdrawn; False when it is so already."""
    return _switch(tenant_id, Tenant.Mode.MONITOR, actor)


def _switch(tenant_id: UUID, mode: str, actor: Actor) -> bool:
    with database.writer(tenant_id):
        tenant = Tenant.objects.select_for_update(no_key=True).get(id=tenant_id)
        before = tenant.mode
        if before == mode or (mode == Tenant.Mode.ARMED and tenant.status in LEAVING):
            return False
        effect = would_block(tenant_id)
        tenant.mode = mode
        tenant.armed_at = clock.now() if mode == Tenant.Mode.ARMED else None
        tenant.save(update_fields=["mode", "armed_at"])
        emit(
            Draft(
                action="tenant.armed" if mode == Tenant.Mode.ARMED else "tenant.monitoring",
                actor=actor,
                target=Target("tenant", str(tenant_id), tenant.name),
                changes=[change("mode", before, mode)],
                detail={"devices_by_state": effect.by_state},
            )
        )
        signals.mode_changed.send(sender=Tenant, tenant_id=tenant_id, mode=mode)
        return True
