"""How strongly a phone is bound, in words: what it proves, and what it does not (D2)."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.devices.models import Device

Words = tuple[Promise, Promise, str]

BINDINGS: Final[Mapping[str, Words]] = {
    Device.Binding.ATTESTED: (
        _("Attested"),
        _("The phone's hardware has shown which phone it is."),
        "success",
    ),
    Device.Binding.SIGN_IN_DEVICE: (
        _("Sign-in from the registered phone"),
        _("Entra says who signed in and that it was from this registered device. Strong."),
        "success",
    ),
    Device.Binding.MDM: (
        _("App configuration"),
        _(
            "Intune told the app which device it is, and platform, model and owner fit the directory. The code that "
            "came with it is the same on every managed phone, so somebody who read it there could pose as a phone "
            "that was still pending. Medium."
        ),
        "info",
    ),
    Device.Binding.SIGN_IN: (
        _("Sign-in"),
        _(
            "Entra says who signed in; which phone it is was concluded, since only one pending phone of theirs "
            "fitted, or said by an administrator. Medium."
        ),
        "info",
    ),
    Device.Binding.CODE: (
        _("One-time code"),
        _("It proves who got the e-mail, not which phone this is. Medium."),
        "info",
    ),
    Device.Binding.ASSERTED: (
        _("Asserted"),
        _("An administrator said which phone this is; nothing else proves it. Weak."),
        "warning",
    ),
}
"""Binding to its name, what it means, and its tone; strongest first."""
