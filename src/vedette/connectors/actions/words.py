"""Words of the acts: what each does, how long it takes, and what it cannot do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.connectors.actions.plan import NOTIFY, REVOKE, SYNC


@dataclass(frozen=True)
class Words:
    """What an act is called and what to know of it; `permission` is what it needs."""

    title: Promise
    icon: str
    summary: Promise
    note: Promise
    permission: str


WORDS: Final[Mapping[str, Words]] = {
    SYNC: Words(
        _("Check-in asked of Intune"),
        "refresh",
        _(
            "After each value that was written for a phone, Intune is asked to have it check in: it is judged anew."
        ),
        _(
            "Minutes where the phone is on line, else when it is again. Harmless; not needed for the attribute alone."
        ),
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
    ),
    NOTIFY: Words(
        _("Notification in Company Portal"),
        "bell",
        _("The person reads on the phone why it is blocked and what to do, and that it is over."),
        _(
            "Sent once when that changes. Microsoft does not promise to show it; Company Portal must be installed."
        ),
        "DeviceManagementConfiguration.ReadWrite.All",
    ),
    REVOKE: Words(
        _("Sign-in sessions ended"),
        "logout",
        _(
            "When one of these threats blocks a phone, its person signs in anew everywhere, and rules decide at once."
        ),
        _(
            "On all devices of the person, desktops too. Access tokens live on until they expire: up to an hour."
        ),
        "User.RevokeSessions.All",
    ),
}
