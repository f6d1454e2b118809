"""Fields that forms of destinations share: addresses, secrets, certificates."""

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

LONGEST: Final = 2000
PEM_LONGEST: Final = 60_000
KEPT: Final = _("Kept as it is while you leave this empty.")
"""What stands at a secret that is stored."""


class UrlField(forms.CharField):
    """An http or https address; a name or an IP address, with a port or without.

    `shown`: people see it, so it holds no password.
    """

    def __init__(self, *, shown: bool = True, **named: Any) -> None:
        """Make the field."""
        super().__init__(**named)
        self.shown = shown

    def clean(self, value: Any) -> str:
        """Refuse what is no address to post to."""
        typed = str(super().clean(value) or "").strip()
        if not typed:
            return ""
        try:
            parts = urlsplit(typed)
            usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
        except ValueError:
            usable = None
        if not usable or any(letter.isspace() or not letter.isprintable() for letter in typed):
            raise forms.ValidationError(gettext("Enter an address that begins with https:// or http://."))
        if self.shown and "@" in parts.netloc:
            raise forms.ValidationError(
                gettext("Leave user name and password out of the address: it is shown to people.")
            )
        return typed


class PemField(forms.CharField):
    """Certificates in PEM."""

    def clean(self, value: Any) -> str:
        """Refuse what holds no certificate."""
        typed = str(super().clean(value) or "").strip()
        if typed:
            try:
                ssl.create_default_context(cadata=typed)
            except (ssl.SSLError, TypeError, ValueError) as error:
                raise forms.ValidationError(
                    gettext("This is no certificate in PEM. It begins with -----BEGIN CERTIFICATE-----.")
                ) from error
        return typed


def url(label: Any, *, help_text: Any = "", required: bool = True, shown: bool = True) -> UrlField:
    """An address to post to."""
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"})
    return UrlField(
        label=label, max_length=LONGEST, required=required, help_text=help_text, widget=widget, shown=shown
    )


def secret(label: Any, *, help_text: Any = "", required: bool = True, lines: int = 0) -> forms.CharField:
    """A secret: typed, never shown again."""
    plain = {"autocomplete": "off", "spellcheck": "false"}
    widget: forms.Widget = (
        forms.Textarea(attrs={"rows": lines, **plain})
        if lines
        else forms.PasswordInput(attrs={**plain, "autocomplete": "new-password"}, render_value=False)
    )
    longest = PEM_LONGEST if lines else LONGEST
    # It becomes part of a header, where nothing else may stand (RFC 9110 5.5).
    allowed = r"^[\x20-\x7e\r\n]*\Z" if lines else r"^[\x20-\x7e]*\Z"
    plain_text = RegexValidator(allowed, _("Only letters without accents, figures and signs."))
    return forms.CharField(
        label=label,
        max_length=longest,
        required=required,
        help_text=help_text,
        widget=widget,
        validators=[plain_text],
    )


def authorities() -> PemField:
    """Certificate authorities of the receiver's own."""
    return PemField(
        label=_("Certificate authority"),
        required=False,
        max_length=PEM_LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "In PEM, where the receiver's certificate is not from a public authority. It is trusted for this"
            " destination only."
        ),
    )
