"""The form of what counts as up to date."""

from django import forms
from django.utils.translation import gettext_lazy as _

from vedette.threats.models import PolicyParameters


class ParametersForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """Oldest versions and patch levels."""

    class Meta:
        model = PolicyParameters
        fields = ["minimum_android", "minimum_ios", "patch_age_days", "minimum_agent"]
        labels = {
            "minimum_android": _("Oldest Android"),
            "minimum_ios": _("Oldest iOS"),
            "patch_age_days": _("Security patch at most"),
            "minimum_agent": _("Oldest protection app"),
        }
        widgets = dict.fromkeys(("minimum_android", "minimum_ios", "minimum_agent"), forms.TextInput)
        help_texts = {
            "minimum_android": _("Older ones are found as an out-of-date operating system."),
            "minimum_ios": _("For example 17.7."),
            "patch_age_days": _("Older Android patch levels are found as out of date, in days."),
            "minimum_agent": _("Empty: any version of the app will do."),
        }
