"""Words of releases, test threats, the brake and disconnecting, for history and audit trail."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ACTIONS: Final[Mapping[str, Promise]] = {
    "device.released": gettext_lazy("Device let in for a time"),
    "device.release_ended": gettext_lazy("Device no longer let in for a time"),
    "threat.simulated": gettext_lazy("Test threat started"),
    "threat.simulation_ended": gettext_lazy("Test threat ended"),
}
ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "let_in_until": gettext_lazy("Let in until"),
    "told": gettext_lazy("Told to Microsoft"),
    "test_threat": gettext_lazy("Test threat"),
}
BECAUSE: Final[Mapping[str, Promise]] = {
    "expired": gettext_lazy("Its time was over"),
    "by_hand": gettext_lazy("An administrator ended it"),
    "recovered": gettext_lazy("The phone needed it no longer"),
    "left": gettext_lazy("The device left"),
}


def cause(name: str, detail: Mapping[str, Any]) -> str:
    """Say what made a state be told: empty for a cause that is none of these."""
    if name == "release":
        ended = str(detail.get("ended", ""))
        if not ended:
            return _("Let in for a time: “%(reason)s”") % {"reason": detail.get("reason", "")}
        return _("No longer let in: %(why)s") % {"why": BECAUSE.get(ended, ended)}
    if name == "simulation":
        return (
            _("The test threat ended") if detail.get("ended") else _("An administrator started a test threat")
        )
    return ""
