"""The form of the acts' settings."""

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from vedette.connectors.actions.models import ActionSettings
from vedette.connectors.actions.plan import LEVELS
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.web.badges import STATES


class ActionsForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """Switches, how seldom, for which states, and which threats end sessions."""

    levels = forms.MultipleChoiceField(
        label=gettext_lazy("States that count as blocked"),
        choices=[(level.value, STATES[level].label) for level in LEVELS],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("As your rules at Microsoft have it, so that people are told what is true."),
    )
    classifications = forms.MultipleChoiceField(
        label=gettext_lazy("Threats that end sessions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Choose those that steal credentials: phishing, a man in the middle, spyware."
        ),
    )

    class Meta:
        model = ActionSettings
        fields = [
            "sync_enabled", "sync_minutes", "notify_enabled", "notify_recovered", "notify_minutes",
            "revoke_enabled", "revoke_minutes", "classifications", "levels",
        ]  # fmt: skip
        labels = {
            "sync_enabled": gettext_lazy("On"),
            "sync_minutes": gettext_lazy("At most once per phone in"),
            "notify_enabled": gettext_lazy("On"),
            "notify_recovered": gettext_lazy("Also say when it is over"),
            "notify_minutes": gettext_lazy("At most once per phone in"),
            "revoke_enabled": gettext_lazy("On"),
            "revoke_minutes": gettext_lazy("At most once per person in"),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        language = get_language() or "en"
        named = [(code, known.words(language).title) for code, known in CLASSIFICATIONS.items()]
        self.fields["classifications"].choices = sorted(named, key=lambda pair: pair[1])  # type: ignore[attr-defined] # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Ending sessions needs a threat to follow."""
        values = super().clean() or {}
        if values.get("revoke_enabled") and not values.get("classifications"):
            self.add_error("classifications", _("Choose at least one, or switch it off."))
        return values
