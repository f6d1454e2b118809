"""Forms of the ways by group."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.connectors.groups.words import LEVELS
from vedette.verdict.states import DeviceState


class LevelsForm(forms.Form):
    """Which states of a phone put it (or its person) into a group."""

    levels = forms.MultipleChoiceField(
        label=gettext_lazy("Who is put in"),
        choices=list(LEVELS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Phones in these states. A state can belong to one group only."),
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )


class GroupForm(LevelsForm):
    """A group by its display name, or by the object ID that a button of the search carries."""

    name = forms.CharField(required=False, max_length=256)
    object_id = forms.UUIDField(required=False)

    field_order = ["name", "levels"]

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, initial={"levels": [DeviceState.HIGH, DeviceState.DISCONNECTED]}, **options)

    def clean(self) -> dict[str, Any]:
        """One of both is needed."""
        values = super().clean() or {}
        if not values.get("object_id") and not (values.get("name") or "").strip():
            self.add_error("name", _("Type the name of a group."))
        return values
