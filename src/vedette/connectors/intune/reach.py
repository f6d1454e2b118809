"""How far the rules over the extension attribute reach (E4; microsoft.md 4.1 and 4.7)."""

from dataclasses import dataclass

from django.db.models import Q

from vedette.directory import read


@dataclass(frozen=True)
class Reach:
    """Phones that are protected, and those among them that a device filter over the attribute does not reach."""

    protected: int
    beyond: int

    @property
    def within(self) -> int:
        """Phones that the rules can block."""
        return self.protected - self.beyond


def of_attribute_rules() -> Reach:
    """Count; inside the tenant's door.

    Microsoft evaluates extension attributes of a device only if Intune manages it, or if it is compliant or
    hybrid joined: a phone that is merely registered escapes both kinds of rule.
    """
    protected = read.supported()
    beyond = protected.exclude(managed=True).exclude(compliant=True).exclude(Q(trust_type="ServerAd"))
    return Reach(protected.count(), beyond.count())
