"""What an error of an act means, and what to do (C5)."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors.errors import LASTING, Advice

NOT_IN_INTUNE: Final = "not_in_intune"
NO_OWNER: Final = "no_owner"
UNKNOWN: Final = "outcome_unknown"

_ADVICE: Final[Mapping[str, Advice]] = {
    NOT_IN_INTUNE: Advice(
        _(
            "Intune does not manage some phones, so it can neither ask them to check in nor show them a notification."
        ),
        _("Enroll the phone in Intune; the next poll of the directory finds it there."),
        mail_after=None,
    ),
    NO_OWNER: Advice(
        _("Nobody owns some phones in Entra, so there are no sign-in sessions to end."),
        _("Have the phone registered by its person."),
        mail_after=None,
    ),
    UNKNOWN: Advice(
        _(
            "Microsoft did not answer in time, so a notification may have been shown or not. It is not repeated."
        ),
        _("Nothing to do: the next change of the phone is told anew."),
        mail_after=LASTING,
    ),
    "Authorization_RequestDenied": Advice(
        _(
            "Microsoft refuses an act: DeviceManagementManagedDevices.PrivilegedOperations.All (check-in), "
            "DeviceManagementConfiguration.ReadWrite.All (notification) or User.RevokeSessions.All (sessions) is not "
            "granted."
        ),
        _("A Global Administrator opens the consent link again and accepts, or switch the act off."),
    ),
    "Request_ResourceNotFound": Advice(
        _("Some phones or people are no longer at Microsoft."),
        _("Nothing to do: the next poll of the directory retires them."),
        mail_after=None,
    ),
}
_PASSING: Final = Advice(
    _("An act that follows a change could not be carried out for some phones."),
    _("Nothing to do if it passes: it is tried again by itself while it still holds."),
    mail_after=LASTING,
)


def advice(code: str) -> Advice:
    """Return what is known about an error code; anything else is tried again by itself."""
    return _ADVICE.get(code, _PASSING)
