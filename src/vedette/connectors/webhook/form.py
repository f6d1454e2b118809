"""The form of a webhook."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_fields
from vedette.connectors.destination_kinds import DestinationForm, place_of
from vedette.connectors.webhook import messages, signing

TEMPLATES: Final = (
    (messages.JSON, _("Signed JSON, for programs")),
    (messages.TEAMS, _("A card in Microsoft Teams")),
    (messages.SLACK, _("A message in Slack")),
)


class WebhookForm(DestinationForm):
    """Where events go and in which words. The address is a secret: who knows a Teams or Slack address may post."""

    SECRETS = ("url", "signing", "authorization")
    SENT_TO = ("url", "authorization")

    template = forms.ChoiceField(label=_("What is sent"), choices=TEMPLATES)
    url = destination_fields.url(
        _("Address"),
        help_text=_(
            "The https address that the receiver gave you. It is kept like a password and not shown again."
        ),
        shown=False,
    )
    language = forms.ChoiceField(
        label=_("Language of the messages"), choices=(("en", "English"), ("fr", "Français")), initial="en"
    )
    signing = destination_fields.secret(
        _("Signing secret"),
        required=False,
        help_text=_(
            "Leave it empty: one is made and shown once. Or enter the receiver's own, beginning with whsec_."
        ),
    )
    authorization = destination_fields.secret(
        _("Authorization header"),
        required=False,
        help_text=_("Only where the receiver asks for one, for example “Bearer …”."),
    )

    def clean_signing(self) -> str:
        """Refuse what cannot sign."""
        typed = str(self.cleaned_data["signing"]).strip()
        if not typed:
            return ""
        try:
            signing.key_of(typed)
        except signing.SecretError as error:
            raise forms.ValidationError(
                gettext("This is no signing secret: %(error)s."), params={"error": error}
            ) from error
        return typed

    def place_before(self) -> tuple[str, str]:
        """Return scheme and host as `settings` keeps them: the address itself is a secret."""
        return str(self.initial.get("scheme", "")), str(self.initial.get("host", ""))

    def settings(self) -> dict[str, Any]:
        """Keep scheme and host in the open, so that people can tell destinations apart."""
        given = super().settings()
        typed = self.cleaned_data.get("url")
        if typed:
            scheme, host = place_of(typed)
            given |= {"scheme": scheme, "host": host}
        return given
