"""What moving the state to another extension attribute does, counted before it is done (C4).

What was written is known from the deliveries; what stands in the new attribute is what Entra said at the last
reading of the directory.
"""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from vedette.compliance.models import DeviceState
from vedette.connectors.intune.attribute_route import ROUTE
from vedette.connectors.intune.desired import PREFIX, desired_value
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.settings_read import attribute_name, sync_settings
from vedette.connectors.models import Delivery
from vedette.devices.models import Device
from vedette.directory.models import DirectoryDevice


@dataclass(frozen=True)
class Move:
    """From one attribute (`extensionAttribute1`) to another: how many phones that touches, and how."""

    old: str
    new: str
    held: int
    """Phones with a value of ours in the old one, which is cleared."""
    written: int
    """Phones whose value is then written to the new one."""
    foreign: int
    """Phones with somebody else's value in the new one: it stays, so they are left without a state."""

    def facts(self) -> list[tuple[str, int]]:
        """Say it in the current language, for a question before the act."""
        names = {"old": self.old, "new": self.new}
        return [
            (_("Phones whose value is cleared from %(old)s") % names, self.held),
            (_("Phones whose value is written to %(new)s") % names, self.written),
            (_("Phones with somebody else's value in %(new)s, which is left alone") % names, self.foreign),
        ]


def counted(connector: IntuneConnector, number: int) -> Move:
    """Count what moving to attribute NUMBER would do; inside the tenant's door."""
    old, new = attribute_name(connector), f"extensionAttribute{number}"
    settings = sync_settings(connector)
    written = foreign = 0
    for state, platform, taken, count in _phones(new):
        foreign += count if taken else 0
        written += count if not taken and desired_value(state, platform, settings) else 0
    held = Delivery.objects.filter(route=ROUTE, place=old).exclude(sent=None).exclude(sent="").count()
    return Move(old, new, held, written, foreign)


def _phones(attribute: str) -> list[tuple[str, str, bool, int]]:
    """Count live phones by state, platform, and whether ATTRIBUTE holds a value that is not ours."""
    entry = DirectoryDevice.objects.filter(object_id=OuterRef("device__entra_object_id"))
    entry = entry.annotate(found=KeyTextTransform(attribute, "extension_attributes"))
    taken = entry.filter(found__isnull=False).exclude(found="").exclude(found__startswith=PREFIX)
    live = DeviceState.objects.exclude(device__activation_status=Device.Activation.DEACTIVATED)
    return list(
        live.annotate(taken=Exists(taken))
        .values_list("told", "device__platform", "taken")
        .annotate(count=Count("device_id"))
        .order_by()
    )
