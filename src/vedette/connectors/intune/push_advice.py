"""What an error of writing to devices means, for the list of errors and for the mail (C5)."""

from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors.errors import LASTING, Advice

_ADVICE: Final = {
    "foreign_value": Advice(
        _("The chosen extension attribute already holds a value of somebody else on some devices."),
        _("Choose another attribute number under State sync, or clear the value in Entra."),
    ),
    "no_entra_device": Advice(
        _("Some devices are not registered in Entra, so there is nothing to write the state to."),
        _("Have the phone registered (Company Portal or Authenticator); the next poll picks it up."),
    ),
    "Authorization_RequestDenied": Advice(
        _("Microsoft refuses to let Vedette write to devices: Device.ReadWrite.All is not granted."),
        _("A Global Administrator opens the consent link again and accepts."),
    ),
    "Request_ResourceNotFound": Advice(
        _("Some devices were deleted in Entra."),
        _("Nothing to do: the next poll of the directory retires them."),
        mail_after=None,
    ),
}
_PASSING: Final = Advice(
    _("The state of some devices could not be written."),
    _("Nothing to do if it passes: each one is tried again by itself until it arrives."),
    mail_after=LASTING,
)


def advice(code: str) -> Advice:
    """Return what is known about an error code; anything else is tried again by itself."""
    return _ADVICE.get(code, _PASSING)
