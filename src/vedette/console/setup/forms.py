"""What somebody enters in the set-up wizard."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from vedette.foundation import certificates, config
from vedette.foundation.certificates import BadCertificateError, Pair
from vedette.foundation.registration import CLOUDS
from vedette.tenants import profiles, registrations
from vedette.tenants.forms import GuidField

YEARS: Final = ((365, _("1 year")), (730, _("2 years")), (180, _("180 days")))
HERE: Final = "here"
"""Stands for the addresses of this installation's settings, where they are none of Microsoft's."""
MOST_LETTERS: Final = 20_000
SECRET_LETTERS: Final = 512

CLOUD_NAMES: Final = {
    "global": _("Microsoft's worldwide cloud (also GCC)"),
    "gcc_high": _("US Government L4 (GCC High)"),
    "dod": _("US Government L5 (DoD)"),
    "china": _("China (21Vianet)"),
}


def clouds() -> list[tuple[str, Any]]:
    """Return the choices; first the addresses of this installation's settings where they are none of Microsoft's."""
    settings = config.current()
    known = [
        key
        for key, cloud in CLOUDS.items()
        if (cloud.login_url, cloud.graph_url) == (settings.login_url, settings.graph_url)
    ]
    here = _("As this installation: %(address)s") % {"address": settings.login_url}
    first = [] if known else [(HERE, here)]
    return [*first, *CLOUD_NAMES.items()]


class IdentityForm(forms.Form):
    """Which application it is."""

    cloud = forms.ChoiceField(
        label=_("Microsoft cloud"),
        help_text=_("Each cloud has its own registrations: one made in another cloud is not known there."),
    )
    client_id = GuidField(
        label=_("Application (client) ID"),
        help_text=_("Stands on the registration's overview page. It is not the object ID beside it."),
    )

    def __init__(self, *args: Any, tenant_id: str = "", **kwargs: Any) -> None:
        """Offer the clouds there are; `tenant_id` is Entra's, which people paste by mistake."""
        super().__init__(*args, **kwargs)
        self.fields["cloud"].choices = clouds()  # type: ignore[attr-defined]  # a ChoiceField has them
        self.tenant_id = tenant_id

    def clean_cloud(self) -> str:
        """Return the key of a cloud; empty stands for this installation's addresses."""
        chosen = str(self.cleaned_data["cloud"])
        return "" if chosen == HERE else chosen

    def clean_client_id(self) -> Any:
        """Refuse the ID of the tenant."""
        found = self.cleaned_data["client_id"]
        if str(found) == self.tenant_id:
            raise ValidationError(
                _("This is the tenant's ID. The application's stands above it on the overview page."),
                code="tenant",
            )
        return found


class CertificateForm(forms.Form):
    """How long a certificate that is made here is good."""

    days = forms.TypedChoiceField(coerce=int, choices=YEARS, initial=365, label=_("Good for"))


class UploadForm(forms.Form):
    """A certificate and key that exist already."""

    certificate = forms.CharField(
        max_length=MOST_LETTERS,
        label=_("Certificate (PEM)"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "font-monospace"}),
    )
    key = forms.CharField(
        max_length=MOST_LETTERS,
        label=_("Private key (PEM)"),
        help_text=_("It is sealed before it is stored and never shown again."),
        widget=forms.Textarea(
            attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off", "class": "font-monospace"}
        ),
    )
    pair: Pair

    def clean(self) -> dict[str, Any]:
        """Take only what Entra could take."""
        data = super().clean() or {}
        if data.get("certificate") and data.get("key"):
            try:
                self.pair = certificates.check(data["certificate"], data["key"])
            except BadCertificateError as error:
                raise ValidationError(str(error), code="pair") from error
        return data


class SecretForm(forms.Form):
    """A client secret and its end, which Entra shows beside it."""

    value = forms.CharField(
        max_length=SECRET_LETTERS,
        label=_("Secret value"),
        help_text=_(
            "The column “Value”, not “Secret ID”. It is sealed before it is stored and never shown again."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    expires = forms.DateField(
        label=_("Expires"),
        help_text=_("People are warned 30, 7 and 1 days before."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_value(self) -> str:
        """Refuse what is plainly the secret's ID."""
        value = str(self.cleaned_data["value"])
        try:
            GuidField().clean(value)
        except ValidationError:
            return value
        raise ValidationError(_("This is the secret's ID. Copy the column “Value” instead."), code="id")

    def clean_expires(self) -> datetime:
        """Take the end of that day; one that is past is refused."""
        day: date = self.cleaned_data["expires"]
        end = datetime.combine(day, time(), UTC) + timedelta(days=1) - timedelta(seconds=1)
        if end <= datetime.now(UTC):
            raise ValidationError(
                _("This day is past: the secret has ended. Make a new one in Entra."), code="past"
            )
        return end


def chosen_profiles(names: list[str]) -> list[str]:
    """Return the keys of profiles that exist among these, in the order of the table, always with the first."""
    return [profile.key for profile in profiles.of(names)]


def portal(cloud: str) -> str:
    """Return the address of Entra's admin center in a cloud; empty where it is not known."""
    return registrations.addresses(cloud).portal_url
