"""One simulated phone: the real agent, a life, and when it is due next."""

from dataclasses import dataclass, field

from vedette_agent.client import AgentClient
from vedette_agent.collect import enroll_device
from vedette_facts.protocol import EnrollDevice
from vedette_facts.report import Facts
from vedette_lab.fleet.invitations import Owned
from vedette_lab.fleet.life import NEVER, Moment, Order, facts_at, next_change, silent


@dataclass
class Phone:
    """State of one phone. Times are of the event loop's clock, in seconds; `due` NEVER = nothing to do."""

    owned: Owned
    client: AgentClient
    seed: int
    code: str | None = None
    activated: bool = False
    first_report: float | None = None
    orders: list[Order] = field(default_factory=list)
    due: float = NEVER
    busy: bool = False

    @property
    def urgent(self) -> bool:
        """Whether somebody watches this one: a story phone, or one that got an order."""
        return self.owned.profile.story is not None or bool(self.orders)

    def moment(self, now: float, began: float, speed: float) -> Moment:
        """Give the phone's time in its life's measures."""
        age = 0.0 if self.first_report is None else now - self.first_report
        return Moment(hours=(now - began) * speed / 3600, age=age)

    def facts(self, moment: Moment) -> Facts:
        """Give what it reports at a moment."""
        return facts_at(self.seed, self.owned.profile, moment, self.orders)

    def silent(self, moment: Moment) -> bool:
        """Whether it keeps silent."""
        return silent(self.owned.profile, moment, self.orders)

    def device(self) -> EnrollDevice:
        """Give what it says of itself when it enrols."""
        return enroll_device(self.facts(Moment(0.0, 0.0)), self.owned.name)

    def changes_in(self, moment: Moment, speed: float) -> float:
        """Give real seconds until its facts change by fate or story."""
        change = next_change(self.seed, self.owned.profile, moment)
        return min((change.hours - moment.hours) * 3600 / speed, change.age - moment.age)
