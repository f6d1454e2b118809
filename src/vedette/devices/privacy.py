"""What is asked of phones and kept of what they send, by whom they belong to (lookout.md 7).

Who owns a phone is Intune's word (`managedDeviceOwnerType`). Of a phone that Intune does not manage nobody knows.
"""

from dataclasses import dataclass
from typing import Final, Literal, cast
from uuid import UUID

from vedette.devices.models import PrivacyPolicy
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette_facts.privacy import Applications, Collect

Owner = Literal["company", "personal", "unknown"]
OWNERS: Final[tuple[Owner, ...]] = ("company", "personal", "unknown")
SETTINGS: Final = (*OWNERS, "network_names")


@dataclass(frozen=True)
class Privacy:
    """What becomes of applications, for each owner; `network_names`: names of networks are sent as they are."""

    company: Applications = "kept"
    personal: Applications = "matched"
    unknown: Applications = "matched"
    network_names: bool = False

    def of(self, ownership: str | None) -> Collect:
        """Say what is asked of a phone whose owner is what Intune says, None or empty where it says nothing."""
        chosen = {"company": self.company, "personal": self.personal}.get(ownership or "", self.unknown)
        return Collect(applications=chosen, network_names=self.network_names)


def read() -> Privacy:
    """Return what is in force; inside the tenant's door."""
    row = PrivacyPolicy.objects.first()
    return Privacy() if row is None else _privacy(row)


def save(tenant_id: UUID, wanted: Privacy, actor: Actor) -> bool:
    """Put settings in force, inside the tenant's writer; False when they were before.

    Phones are judged anew for it, by which what is not to be kept is dropped.
    """
    row = PrivacyPolicy.objects.select_for_update().first() or PrivacyPolicy(tenant_id=tenant_id)
    before = _privacy(row)
    if wanted == before:
        return False
    for name in SETTINGS:
        setattr(row, name, getattr(wanted, name))
    row.save()
    changes = [change(name, getattr(before, name), getattr(wanted, name)) for name in SETTINGS]
    changes = [each for each in changes if each["from"] != each["to"]]
    emit(Draft("policy.privacy_changed", actor=actor, target=Target("privacy"), changes=changes))
    return True


def _privacy(row: PrivacyPolicy) -> Privacy:
    return Privacy(
        cast("Applications", row.company),
        cast("Applications", row.personal),
        cast("Applications", row.unknown),
        row.network_names,
    )
