"""The form of a syslog destination."""

from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_fields
from vedette.connectors.destination_kinds import DestinationForm
from vedette.connectors.syslog import message, transport

PROTOCOLS: Final = (
    (transport.TLS, _("TLS (RFC 5425)")),
    (transport.TCP, _("TCP, octet counting (RFC 6587): unencrypted")),
    (transport.UDP, _("UDP (RFC 5426): unencrypted, may lose events")),
)
FORMATS: Final = (
    (message.JSON, _("JSON, as the Mobile Risk API tells events")),
    (message.CEF, _("CEF, for ArcSight and others")),
    (message.LEEF, _("LEEF 2.0, for QRadar")),
)
PORT: Final = 6514
LAST_PORT: Final = 65_535


class SyslogForm(DestinationForm):
    """Where the receiver listens, how it is spoken to, and in which format."""

    SECRETS = ("client_key",)

    protocol = forms.ChoiceField(label=_("Carried by"), choices=PROTOCOLS, initial=transport.TLS)
    host = forms.CharField(
        label=_("Receiver"),
        max_length=253,
        help_text=_("A name or an IP address. With TLS its certificate must be for this name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    port = forms.IntegerField(
        label=_("Port"),
        initial=PORT,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_PORT)],
        help_text=_("Usually 6514 for TLS, 601 or 514 for TCP, 514 for UDP."),
        widget=forms.NumberInput(attrs={"min": 1, "max": LAST_PORT}),
    )
    body = forms.ChoiceField(label=_("Format"), choices=FORMATS)
    facility = forms.ChoiceField(
        label=_("Facility"), choices=[(name, name) for name in message.FACILITIES], initial="local0"
    )
    authorities = destination_fields.authorities()
    client_certificate = destination_fields.PemField(
        label=_("Client certificate"),
        required=False,
        max_length=destination_fields.PEM_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("In PEM with its chain, where the receiver asks for one."),
    )
    client_key = destination_fields.secret(
        _("Key of the client certificate"),
        required=False,
        lines=3,
        help_text=_("In PEM, without a password. It is kept like a password and not shown again."),
    )

    def clean_host(self) -> str:
        """Refuse what is part of an address of another kind."""
        typed = str(self.cleaned_data["host"]).strip()
        if any(letter in "/@?#[]" or letter.isspace() or not letter.isprintable() for letter in typed):
            raise forms.ValidationError(gettext("Enter the name alone, for example siem.example.com."))
        return typed

    def clean(self) -> dict[str, Any]:
        """See whether certificate and key fit."""
        cleaned = super().clean() or {}
        certificate, key = cleaned.get("client_certificate"), cleaned.get("client_key")
        if key and not certificate and "client_certificate" not in self.errors:
            self.add_error("client_certificate", gettext("Enter the certificate of this key."))
        if certificate and not key and "client_key" not in self.kept:
            self.add_error("client_key", gettext("Enter the key of this certificate."))
        if certificate and key:
            try:
                transport.tls_context("", certificate, key)
            except transport.SettingsError as error:
                self.add_error("client_key", str(error))
        return cleaned
