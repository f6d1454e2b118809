"""The form of a Splunk destination."""

from django import forms
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_fields
from vedette.connectors.destination_kinds import DestinationForm


class SplunkForm(DestinationForm):
    """The collector's address, its token, and where events go."""

    SECRETS = ("token",)
    SENT_TO = ("url", "token")

    url = destination_fields.url(
        _("Address of the collector"),
        help_text=_("Scheme, name and port, for example https://splunk.example.com:8088."),
    )
    token = destination_fields.secret(
        _("Token"), help_text=_("Of Settings > Data inputs > HTTP Event Collector.")
    )
    index = forms.CharField(
        label=_("Index"), required=False, max_length=80, help_text=_("Empty: the token's default index.")
    )
    sourcetype = forms.CharField(
        label=_("Source type"),
        required=False,
        max_length=80,
        help_text=_("Empty: vedette:threat, vedette:device and vedette:audit."),
    )
    acknowledgement = forms.BooleanField(
        label=_("Wait for the indexers' acknowledgement"),
        required=False,
        help_text=_(
            "Only where the token has indexer acknowledgement on: an event counts as told once it is kept."
        ),
    )
    authorities = destination_fields.authorities()
