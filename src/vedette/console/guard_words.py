"""Words of releases, test threats, the brake and disconnecting, for history and audit trail."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ACTIONS: Final[Mapping[str, Promise]] = {
    "device.released": gettext_lazy("Device let in for a time"),
    "device.release_ended": gettext_lazy("Device no longer let in for a time"),
    "tenant.disconnecting": gettext_lazy("Disconnecting begun"),
    "tenant.disconnected": gettext_lazy("Tenant disconnected"),
    "tenant.reconnected": gettext_lazy("Tenant may connect again"),
    "brake.pulled": gettext_lazy("Brake pulled"),
    "brake.released": gettext_lazy("Held blocks released"),
    "brake.reverted": gettext_lazy("Cause of held blocks taken back"),
    "brake.over": gettext_lazy("Brake off: the held phones recovered"),
    "threat.simulated": gettext_lazy("Test threat started"),
    "threat.simulation_ended": gettext_lazy("Test threat ended"),
}
ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "brake": gettext_lazy("Brake"),
    "connection": gettext_lazy("Connection"),
    "let_in_until": gettext_lazy("Let in until"),
    "told": gettext_lazy("Told to Microsoft"),
    "test_threat": gettext_lazy("Test threat"),
}
AREAS: Final[Mapping[str, Promise]] = {"brake": gettext_lazy("Brake")}
KINDS: Final[Mapping[str, Promise]] = {
    "feed": gettext_lazy("New threat intelligence"),
    "detectors": gettext_lazy("A new version of the detectors"),
    "parameters": gettext_lazy("A change of what counts as up to date"),
    "lists": gettext_lazy("A change of the lists of applications"),
    "privacy": gettext_lazy("A change of what is collected of phones"),
    "day": gettext_lazy("Indicators or patch levels that aged over night"),
    "policy": gettext_lazy("A change of the security policy"),
    "sweep": gettext_lazy("Phones that fell silent"),
}
"""What the brake watches, by Brake.kind."""
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
    if name == "brake":
        return (
            _("The held block was released")
            if detail.get("outcome") == "released"
            else _("The cause of the held block was taken back")
        )
    if name == "simulation":
        return (
            _("The test threat ended") if detail.get("ended") else _("An administrator started a test threat")
        )
    return ""
