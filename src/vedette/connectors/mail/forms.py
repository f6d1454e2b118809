"""The form of the mail page."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.connectors.mail.mailbox import OPERATOR
from vedette.connectors.mail.models import TenantMailbox

ROUTES = (
    (OPERATOR, _("The operator's way")),
    (TenantMailbox.Route.GRAPH, _("A mailbox of ours, by Microsoft Graph")),
    (TenantMailbox.Route.SMTP_OAUTH, _("A mailbox of ours, by SMTP with OAuth")),
)


class MailboxForm(forms.Form):
    """By which way mail leaves, and from which address."""

    route = forms.ChoiceField(label=_("Mail leaves by"), choices=ROUTES)
    address = forms.EmailField(
        label=_("Mailbox"),
        required=False,
        help_text=_(
            "The address that mail is sent from: a shared mailbox that nobody needs to read will do."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the mailbox where it is needed."""
        cleaned = super().clean() or {}
        if cleaned.get("route") != OPERATOR and not cleaned.get("address") and "address" not in self.errors:
            self.add_error("address", gettext("Enter the address of the mailbox."))
        return cleaned
