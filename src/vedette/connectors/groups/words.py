"""Words of the two ways by group, of levels and of what keeps a way from blocking a phone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.connectors.groups.desired import NO_ENTRA, NO_OWNER, NOT_MANAGED, SPARED
from vedette.connectors.groups.ways import DEVICE_GROUP, USER_GROUP
from vedette.verdict.states import DeviceState


@dataclass(frozen=True)
class Words:
    """What a way is called, what it does, how long it takes and what it cannot do."""

    title: Promise
    icon: str
    summary: Promise
    latency: Promise
    limits: tuple[Promise, ...]


WORDS: Final[Mapping[str, Words]] = {
    DEVICE_GROUP: Words(
        _("Phones at risk"),
        "device-mobile-off",
        _(
            "A phone at risk is put into an Entra group to which an Intune compliance policy is assigned that no phone "
            "can meet. Intune calls it noncompliant, and a rule that requires a compliant device blocks it."
        ),
        _(
            "It bites at the phone's next check-in with Intune, about every 8 hours: turn on “Check-in asked of "
            "Intune” under Actions to have it within minutes. Access ends at the next sign-in token."
        ),
        (
            _("Only phones that Intune manages can be blocked this way."),
            _(
                "Company Portal shows the policy that cannot be met as the reason: send the true one, under Actions."
            ),
            _("If Vedette stops, the members stay as they are until it runs again."),
        ),
    ),
    USER_GROUP: Words(
        _("People at risk"),
        "user-off",
        _(
            "The person of a phone at risk is put into an Entra group that a conditional-access rule blocks. The "
            "person is left out again only when none of their phones is at risk."
        ),
        _(
            "It bites at the next sign-in token, once Entra has taken the membership over: minutes to an hour."
        ),
        (
            _(
                "It blocks the person on every device, desktops too: also where the phone can be mended by hand only."
            ),
            _("Emergency accounts and whoever else is left out are never put in."),
            _("If Vedette stops, the members stay as they are until it runs again."),
        ),
    ),
}
LEVELS: Final[Mapping[str, Promise]] = {
    DeviceState.HIGH: _("High risk"),
    DeviceState.MEDIUM: _("Medium risk"),
    DeviceState.LOW: _("Low risk"),
    DeviceState.DISCONNECTED: _("Disconnected"),
    DeviceState.MISCONFIGURED: _("Misconfigured"),
}
BARRIERS: Final[Mapping[str, Promise]] = {
    NO_ENTRA: _("Not registered in Entra"),
    NOT_MANAGED: _("Not managed by Intune"),
    NO_OWNER: _("Nobody owns it in Entra"),
    SPARED: _("Its person is left out"),
}
SLUGS: Final[Mapping[str, str]] = {"phones": DEVICE_GROUP, "people": USER_GROUP}
"""Ways by their part of an address."""
SLUG_OF: Final[Mapping[str, str]] = {way: slug for slug, way in SLUGS.items()}
