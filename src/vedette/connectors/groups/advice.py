"""What an error of keeping groups means, and what to do (C5)."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors.errors import LASTING, Advice
from vedette.connectors.groups.membership_writes import GONE, REFUSES

FOREIGN: Final = "foreign_members"
PUT_BACK: Final = "members_put_back"
GROUP_IN_USE: Final = "group_in_use"

_ADVICE: Final[Mapping[str, Advice]] = {
    GONE: Advice(
        _("A group of phones or people at risk is gone from Entra: nothing is blocked by it."),
        _("Restore it in Entra (within 30 days), or choose another group under Connectors > Groups at risk."),
    ),
    REFUSES: Advice(
        _(
            "A group of phones or people at risk was changed in Entra so that it takes no members from Vedette."
        ),
        _(
            "Undo that change in Entra (membership type Assigned, cloud-only, no roles), or choose another group."
        ),
    ),
    GROUP_IN_USE: Advice(
        _(
            "A group of phones or people at risk got another use: access to this console, or enrollment. Who was in it "
            "is taken out, and nobody is blocked by it."
        ),
        _("Choose another group under Connectors > Groups at risk, or end the other use."),
    ),
    "Authorization_RequestDenied": Advice(
        _(
            "Microsoft refuses to let Vedette change members: GroupMember.ReadWrite.All is not granted, or for phones "
            "Device.ReadWrite.All."
        ),
        _("A Global Administrator opens the consent link again and accepts."),
    ),
    "Request_ResourceNotFound": Advice(
        _("Some phones or people were deleted in Entra."),
        _("Nothing to do: the next poll of the directory retires them."),
        mail_after=None,
    ),
    "no_entra_device": Advice(
        _(
            "Some phones are not registered in Entra, or nobody owns them, so there is nobody to put into a group."
        ),
        _("Have the phone registered (Company Portal or Authenticator); the next poll picks it up."),
        mail_after=None,
    ),
    FOREIGN: Advice(
        _(
            "Another hand put members into a group of phones or people at risk: rules at Microsoft act on them too. "
            "Vedette leaves them there."
        ),
        _("Take them out in Entra, unless they are meant to be blocked; the group's page lists them."),
    ),
    PUT_BACK: Advice(
        _("Another hand took members out of a group of phones or people at risk; they were put back."),
        _("To let somebody in on purpose, use “Let in for a time” on the page of the phone."),
    ),
}
_PASSING: Final = Advice(
    _("The membership of some phones or people could not be changed."),
    _("Nothing to do if it passes: each one is tried again by itself until it arrives."),
    mail_after=LASTING,
)


def advice(code: str) -> Advice:
    """Return what is known about an error code; anything else is tried again by itself."""
    return _ADVICE.get(code, _PASSING)
