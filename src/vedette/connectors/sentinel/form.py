"""The form of a Microsoft Sentinel destination."""

import re
from typing import Final

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_fields
from vedette.connectors.destination_kinds import DestinationForm

CLOUDS: Final = (
    ("public", _("Azure")),
    ("government", _("Azure Government")),
    ("china", _("Azure in China")),
)
_ID: Final = RegexValidator(
    re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
    _("Enter an ID such as 6c84fb90-12c4-11e1-840d-7b25c5ee775a."),
)
_PLAIN: Final = {"autocomplete": "off", "spellcheck": "false"}


class SentinelForm(DestinationForm):
    """The data collection rule, and the application that may write to it."""

    SECRETS = ("client_secret",)

    endpoint = destination_fields.url(
        _("Logs ingestion endpoint"),
        help_text=_(
            "Of the data collection rule or its data collection endpoint: https://….ingest.monitor.azure.com."
        ),
    )
    rule = forms.CharField(
        label=_("Immutable ID of the data collection rule"),
        max_length=100,
        validators=[RegexValidator(r"^dcr-[0-9A-Za-z]+\Z", _("It begins with dcr- and has no blanks."))],
        widget=forms.TextInput(attrs=_PLAIN),
    )
    stream = forms.CharField(
        label=_("Stream"),
        initial="Custom-Vedette_CL",
        max_length=100,
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+\Z", _("Letters, figures, _ and - only."))],
        help_text=_("As the rule declares it; for a table of your own it begins with Custom-."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    tenant = forms.CharField(
        label=_("Directory (tenant) ID"),
        validators=[_ID],
        max_length=36,
        widget=forms.TextInput(attrs=_PLAIN),
    )
    client_id = forms.CharField(
        label=_("Application (client) ID"),
        validators=[_ID],
        max_length=36,
        help_text=_(
            "An application that has the role Monitoring Metrics Publisher on the data collection rule."
        ),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    client_secret = destination_fields.secret(_("Client secret"))
    cloud = forms.ChoiceField(label=_("Cloud"), choices=CLOUDS, initial="public")
