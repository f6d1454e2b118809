"""What an operator enters (pages and command line alike) and what a person prefers."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from vedette.tenants.accounts import Draft
from vedette.tenants.openid.tokens import CONSUMERS
from vedette.web.appearance import THEMES

NIL: Final = UUID(int=0)
NAME_LENGTH: Final = 200
GUID_WRONG: Final = _(
    "This is not a GUID. It has 32 digits and letters from a to f, like 3f8a1c52-9d0e-4b7a-8c61-2e5f7a9b0d13."
)


class GuidField(forms.UUIDField):
    """A GUID as the Entra admin center shows it."""

    def __init__(self, **kwargs: Any) -> None:
        """Word the error, and turn off what browsers do to text that is no prose."""
        attributes = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        super().__init__(
            error_messages={"invalid": GUID_WRONG}, widget=forms.TextInput(attrs=attributes), **kwargs
        )

    def to_python(self, value: Any) -> Any:
        """Read the GUID; all zeros stands for nothing at Microsoft."""
        found: UUID | None = super().to_python(value.strip() if isinstance(value, str) else value)
        if found == NIL:
            raise ValidationError(GUID_WRONG, code="invalid")
        return found


class GroupsForm(forms.Form):
    """The two groups that decide who may use the console."""

    full_group_id = GuidField(
        label=_("Group with full access: object ID"),
        help_text=_("Entra admin center > Groups > All groups > the group > Overview > Object ID."),
    )
    restricted_group_id = GuidField(
        required=False,
        label=_("Group with restricted access: object ID"),
        help_text=_(
            "Its members see everything but connectors and enrollment and cannot change the security policy. "
            "Leave it empty if you do not need it."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse one group in both places."""
        data = super().clean() or {}
        restricted = data.get("restricted_group_id")
        if restricted and restricted == data.get("full_group_id"):
            self.add_error(
                "restricted_group_id",
                ValidationError(
                    _("This is the group with full access again. Enter another group, or none."), code="same"
                ),
            )
        return data


class AccountForm(GroupsForm):
    """A new account (A1)."""

    name = forms.CharField(
        max_length=NAME_LENGTH, label=_("Name"), help_text=_("The organisation as people call it.")
    )
    entra_tenant_id = GuidField(
        label=_("Entra tenant ID"),
        help_text=_(
            "Entra admin center > Overview > Tenant ID (also called directory ID). It cannot be changed later."
        ),
    )
    primary_contact = forms.EmailField(
        label=_("Primary contact: e-mail address"),
        help_text=_(
            "Gets the link for the first sign-in. This is best a Global Administrator, or somebody who knows one."
        ),
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, label=_("Language of the e-mail"), initial="en")
    field_order = (
        "name",
        "entra_tenant_id",
        "full_group_id",
        "restricted_group_id",
        "primary_contact",
        "language",
    )

    def clean_entra_tenant_id(self) -> UUID:
        """Refuse the tenant of personal Microsoft accounts, which has no administrators."""
        found: UUID = self.cleaned_data["entra_tenant_id"]
        if found == CONSUMERS:
            raise ValidationError(
                _(
                    "This is the tenant of personal Microsoft accounts. Enter the ID of the organisation's own tenant."
                ),
                code="consumer",
            )
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse the tenant's ID in the place of a group's."""
        data = super().clean()
        for name in ("full_group_id", "restricted_group_id"):
            if data.get(name) and data[name] == data.get("entra_tenant_id"):
                self.add_error(
                    name,
                    ValidationError(
                        _(
                            "This is the tenant's ID. The object ID of a group stands on the group's own page."
                        ),
                        code="tenant",
                    ),
                )
        return data

    def draft(self) -> Draft:
        """Return what was entered, once it is valid."""
        data = self.cleaned_data
        return Draft(
            name=data["name"],
            entra_tenant_id=data["entra_tenant_id"],
            full_group_id=data["full_group_id"],
            restricted_group_id=data["restricted_group_id"],
            primary_contact=data["primary_contact"],
            language=data["language"],
        )


class PreferencesForm(forms.Form):
    """A person's own settings (E5, G)."""

    notify_high = forms.BooleanField(required=False, label=_("High risk"))
    notify_medium = forms.BooleanField(required=False, label=_("Medium risk"))
    notify_low = forms.BooleanField(required=False, label=_("Low risk"))
    language = forms.ChoiceField(
        required=False, choices=[("", _("As the browser")), *settings.LANGUAGES], label=_("Language")
    )
    theme = forms.ChoiceField(choices=[(name, label) for name, label, _icon in THEMES], label=_("Theme"))
