"""Forms of the Intune connector's tabs; what they accept is what `settings_change.save` writes."""

import re
from typing import Any

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from vedette.connectors.intune.models import IntuneConnector
from vedette_facts.versions import parse_version


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """Connection settings: heartbeat and platforms (C1, C6)."""

    class Meta:
        model = IntuneConnector
        fields = ["heartbeat_minutes", "missed_allowed", "android_enabled", "ios_enabled"]
        labels = {
            "heartbeat_minutes": _("Heartbeat frequency"),
            "missed_allowed": _("Unresponsive after"),
            "android_enabled": _("Android"),
            "ios_enabled": _("iOS and iPadOS"),
        }
        help_texts = {
            "heartbeat_minutes": _("How often the path to Microsoft is proved, in minutes (1 to 1,440)."),
            "missed_allowed": _("So many heartbeats may fail before people are told."),
            "android_enabled": _("Send the states of Android phones to Microsoft."),
            "ios_enabled": _("Send the states of iPhones and iPads to Microsoft."),
        }


class EnrollmentForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """How the directory is polled and which devices count (C2, D1)."""

    class Meta:
        model = IntuneConnector
        fields = [
            "poll_minutes",
            "scope",
            "minimum_android",
            "minimum_ios",
            "seen_within_days",
            "delete_on_unenrollment",
        ]
        labels = {
            "poll_minutes": _("Check for new devices every"),
            "scope": _("Devices to protect"),
            "minimum_android": _("Oldest Android"),
            "minimum_ios": _("Oldest iOS and iPadOS"),
            "seen_within_days": _("Seen in Entra within"),
            "delete_on_unenrollment": _("Delete device on unenrollment"),
        }
        help_texts = {
            "poll_minutes": _("5 minutes is a good choice."),
            "scope": _("Only devices that Intune manages, or every device registered in Entra."),
            "seen_within_days": _("Devices that Entra has not seen for longer are listed as unsupported."),
            "delete_on_unenrollment": _(
                "Off: a device that leaves all groups stays in the list as deactivated. On: its row is deleted."
            ),
        }
        widgets = {
            "scope": forms.RadioSelect,
            "minimum_android": forms.TextInput(attrs={"autocomplete": "off"}),
            "minimum_ios": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["scope"].choices = [  # type: ignore[attr-defined] # a ChoiceField, made from the model's choices
            ("intune", _("Devices enrolled in Intune")),
            ("registered", _("Every registered device")),
        ]

    def clean_minimum_android(self) -> str:
        """Accept what can be compared."""
        return _version(str(self.cleaned_data["minimum_android"]))

    def clean_minimum_ios(self) -> str:
        """Accept what can be compared."""
        return _version(str(self.cleaned_data["minimum_ios"]))


class StateSyncForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """What is sent (C4), and to which attribute."""

    class Meta:
        model = IntuneConnector
        fields = ["sync_device_status", "sync_threat_status", "attribute_number"]
        labels = {
            "sync_device_status": _("Device status"),
            "sync_threat_status": _("Threat status"),
            "attribute_number": _("Extension attribute"),
        }
        help_texts = {
            "sync_device_status": _(
                "Tell Microsoft which devices are pending, disconnected or misconfigured."
            ),
            "sync_threat_status": _(
                "Tell Microsoft each device's threat level: secured, low, medium or high."
            ),
            "attribute_number": _(
                "Number 1 to 15. When it changes, the old attribute is cleared in the same step."
            ),
        }


class RecipientsForm(forms.Form):
    """Who receives connector errors (C5)."""

    error_emails = forms.CharField(
        label=_("Error e-mail recipients"),
        help_text=_("One address a line. Each error is mailed once, not each time it repeats."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_error_emails(self) -> list[str]:
        """Split and check the addresses."""
        addresses = [item for item in re.split(r"[\s,;]+", self.cleaned_data["error_emails"]) if item]
        for address in addresses:
            try:
                validate_email(address)
            except forms.ValidationError as error:
                raise forms.ValidationError(
                    _("%(address)s is not an e-mail address."), params={"address": address}
                ) from error
        return list(dict.fromkeys(addresses))


class GroupForm(forms.Form):
    """The group to add, by display name or as chosen from the search."""

    name = forms.CharField(label=_("Display name"), max_length=256, required=False, strip=False)
    object_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    include_nested = forms.BooleanField(
        label=_("Include nested groups"),
        required=False,
        initial=True,
        help_text=_("Members of groups inside this group are enrolled too."),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two is needed."""
        data = super().clean() or {}
        if not data.get("name") and not data.get("object_id"):
            self.add_error("name", _("Type the group's display name as Entra shows it."))
        return data


def _version(text: str) -> str:
    if parse_version(text) is None:
        raise forms.ValidationError(_("Write a version such as 13 or 17.5."))
    return text.strip()
