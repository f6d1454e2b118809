"""The form of an Elasticsearch destination."""

import re
from typing import Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vedette.connectors import destination_fields
from vedette.connectors.destination_kinds import DestinationForm

STREAM: Final = "logs-vedette.events-default"
# Elasticsearch, "Create index": lower case, none of these signs, not beginning with -, _ or +
_NAME: Final = re.compile(r"(?![-_+])[^A-Z\\/*?\"<>|\s,#:]{1,200}")


class ElasticForm(DestinationForm):
    """The cluster's address, a key for it, and the data stream."""

    SECRETS = ("api_key",)
    SENT_TO = ("url", "api_key")

    url = destination_fields.url(
        _("Address of Elasticsearch"),
        help_text=_("Scheme, name and port, for example https://elastic.example.com:9200."),
    )
    api_key = destination_fields.secret(
        _("API key"),
        help_text=_(
            "The encoded key. It needs the privileges auto_configure and create_doc on the data stream."
        ),
    )
    data_stream = forms.CharField(
        label=_("Data stream"),
        initial=STREAM,
        max_length=200,
        help_text=_(
            "Events are created in it and never changed. A name that begins with “logs-” fits Elastic's own template."
        ),
    )
    authorities = destination_fields.authorities()

    def clean_data_stream(self) -> str:
        """Refuse what Elasticsearch would."""
        typed = str(self.cleaned_data["data_stream"]).strip()
        if not _NAME.fullmatch(typed) or typed in {".", ".."}:
            raise forms.ValidationError(gettext("Elasticsearch takes no data stream of this name."))
        return typed
