"""Whether a rule at Microsoft acts on our attribute, and from which level: read there, else declared, else unknown."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from vedette.compliance import mode
from vedette.connectors.intune import readings, rules_read
from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.readings import Known
from vedette.connectors.intune.rules_fetch import RULES
from vedette.connectors.intune.rules_read import ENABLED, NONE, Rule
from vedette.verdict.states import DeviceState, is_level

READ: Final = "read"
DECLARED: Final = "declared"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Enforcement:
    """What is known of the rules. ``state``: enabled, report_only, off or none (empty while nothing is known).

    ``minimum`` is the level from which phones are blocked: low, medium or high; empty when none are. ``blocked``
    and ``unsure`` name states ("" stands for no value) that rules in force block, or may.
    """

    source: str
    state: str = ""
    minimum: str = ""
    fail_closed: bool = False
    rule: str = ""
    read_at: datetime | None = None
    blocked: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()

    def blocks(self, told: str) -> bool | None:
        """Tell whether a phone of which Microsoft is told this state ("" for no value) is blocked; None: unknown."""
        if self.source == UNKNOWN:
            return None
        if told in self.blocked:
            return True
        return None if told in self.unsure else False

    @property
    def enforces(self) -> bool:
        """Tell whether phones are blocked, as far as is known."""
        return self.state == ENABLED

    @property
    def nothing_enforces(self) -> bool:
        """Tell whether it is known that nothing does."""
        return self.source == READ and not self.enforces


def of(connector: IntuneConnector) -> Enforcement:
    """Say what enforces; inside the tenant's door."""
    known = readings.known(RULES)
    if can_read(known):
        acting = rules(connector, known)
        found = rules_read.verdict(acting)
        blocked, unsure = rules_read.effect(acting)
        return Enforcement(
            READ, found.state, found.minimum, found.fail_closed, found.rule, known.read_at, blocked, unsure
        )
    if connector.declared_minimum == NONE:
        return Enforcement(DECLARED, NONE)
    if connector.declared_minimum:
        return _declared(connector.declared_minimum, connector.fail_mode)
    return Enforcement(UNKNOWN)


def _declared(minimum: str, fail_mode: str) -> Enforcement:
    """What an administrator said of their rule: from which level it blocks, and what it does without one."""
    blocked = frozenset(mode.blocking_states(minimum))
    unproven = frozenset(state.value for state in DeviceState if not is_level(state)) - blocked
    unproven |= {rules_read.EMPTY}
    if not fail_mode:
        return Enforcement(DECLARED, ENABLED, minimum, blocked=blocked, unsure=unproven)
    closed = fail_mode == IntuneConnector.FailMode.CLOSED
    return Enforcement(
        DECLARED, ENABLED, minimum, fail_closed=closed, blocked=blocked | unproven if closed else blocked
    )


def can_read(known: Known) -> bool:
    """Tell whether the rules were read and may still be read: an outage keeps what is known, a refusal does not."""
    return known.read_at is not None and known.problem.get("status") != HTTPStatus.FORBIDDEN


def rules(connector: IntuneConnector, known: Known) -> list[Rule]:
    """Return the rules that were read, as they treat this tenant's attribute; inside its door."""
    groups = {str(each) for each in EnrollmentGroup.objects.values_list("object_id", flat=True)}
    return rules_read.acting(
        known.data.get("policies", []),
        connector.attribute_number,
        names=known.data.get("names", {}),
        groups=groups,
    )
