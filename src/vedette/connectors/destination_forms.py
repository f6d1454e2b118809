"""The part of a destination's form that all kinds share: its name, and which events it is told of."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from vedette.connectors.destination_events import TYPES
from vedette.devices.models import DeviceGroup
from vedette.verdict.risk import Risk
from vedette.web import badges

TYPE_LABELS: Final = {
    "THREAT": _("Threats: found, resolved, ignored"),
    "DEVICE": _("Phones: every change of their state"),
    "AUDIT": _("Audit trail: what administrators and Vedette do"),
}
LEVELS: Final = (Risk.NONE, Risk.ADVISORY, Risk.LOW, Risk.MEDIUM, Risk.HIGH)


class FilterForm(forms.Form):
    """Name and filter; `groups` are offered as they are now."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("As people here know the receiver, for example “SOC channel”."),
    )
    types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(name, TYPE_LABELS[name]) for name in TYPES],
        initial=["THREAT", "DEVICE"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of event.")},
    )
    level = forms.TypedChoiceField(
        label=_("From level"),
        coerce=int,
        initial=int(Risk.NONE),
        help_text=_(
            "Threats of this risk and above, and phones whose state is or was as bad. The audit trail has no level."
        ),
    )
    groups = forms.MultipleChoiceField(
        label=_("Device groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all phones. The audit trail is not narrowed, but for acts on one phone."),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Offer the levels in the reader's language, and the device groups; inside the tenant's door."""
        super().__init__(*arguments, **named)
        self.fields["level"].choices = [  # type: ignore[attr-defined] # a field of choices
            (int(level), _("All") if level is Risk.NONE else badges.risk(int(level)).label)
            for level in LEVELS
        ]
        self.fields["groups"].choices = [  # type: ignore[attr-defined] # as above
            (str(key), name)
            for key, name in DeviceGroup.objects.order_by("-is_default", "name").values_list("id", "name")
        ]

    @property
    def offers_groups(self) -> bool:
        """Whether there is more than one group to choose from."""
        return len(self.fields["groups"].choices) > 1  # type: ignore[attr-defined] # a field of choices
