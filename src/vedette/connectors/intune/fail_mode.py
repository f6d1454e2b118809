"""Fail-open or fail-closed: the administrator's visible choice, with what it does in numbers (E4, design 2, rule 11).

The rule itself stands at Microsoft. The choice says which kind of rule is wanted: it is compared with the rules
that were read, it counts where they may not be read, and the hand-outs to paste are the ones of that kind.
"""

from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Count

from vedette.compliance.models import DeviceState
from vedette.connectors.intune import enforcement, reach
from vedette.connectors.intune.desired import desired_value
from vedette.connectors.intune.enforcement import Enforcement
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.recipes import MINIMUM, admitted_values, blocked_values
from vedette.connectors.intune.settings_read import sync_settings

OPEN: Final = IntuneConnector.FailMode.OPEN.value
CLOSED: Final = IntuneConnector.FailMode.CLOSED.value


@dataclass(frozen=True)
class Consequences:
    """What each kind of rule does to the phones of now, once the tenant is armed, from the level `minimum` up.

    `live` phones are not deactivated. A fail-open rule blocks `blocked_open` of them, a fail-closed one
    `blocked_closed`: these and those with a value that proves nothing (`unproven`) or with none (`without_value`).
    `beyond` cannot be blocked by either, because Microsoft does not look at their attributes.
    """

    minimum: str
    live: int = 0
    blocked_open: int = 0
    blocked_closed: int = 0
    unproven: int = 0
    without_value: int = 0
    beyond: int = 0

    @property
    def difference(self) -> int:
        """Phones that the two kinds of rule treat differently."""
        return self.blocked_closed - self.blocked_open


def consequences(connector: IntuneConnector) -> Consequences:
    """Count; inside the tenant's door."""
    minimum = enforcement.of(connector).minimum or MINIMUM
    settings = replace(sync_settings(connector), armed=True)
    blocked, admitted = set(blocked_values(minimum)), set(admitted_values(minimum))
    found = Consequences(minimum, beyond=reach.of_attribute_rules().beyond)
    rows = DeviceState.objects.exclude(state="deactivated").values_list("told", "device__platform")
    for told, platform, count in rows.annotate(count=Count("device_id")):
        value = desired_value(told, platform, settings)
        found = replace(
            found,
            live=found.live + count,
            blocked_open=found.blocked_open + (count if value in blocked else 0),
            blocked_closed=found.blocked_closed + (count if value not in admitted else 0),
            unproven=found.unproven + (count if value and value not in blocked | admitted else 0),
            without_value=found.without_value + (0 if value else count),
        )
    return found


def mismatch(connector: IntuneConnector, found: Enforcement) -> bool:
    """Tell whether the rules that were read are of the other kind than was chosen."""
    chosen = connector.fail_mode
    return bool(
        chosen
        and found.source == enforcement.READ
        and found.enforces
        and found.fail_closed is not (chosen == CLOSED)
    )
