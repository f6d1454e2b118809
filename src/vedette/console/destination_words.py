"""Words of the audit trail about deliveries of events to other systems."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Final[Mapping[str, Promise]] = {
    "destination.created": _("Destination of events added"),
    "destination.changed": _("Destination of events changed"),
    "destination.deleted": _("Destination of events deleted"),
    "destination.tested": _("Test event sent"),
    "destination.secret_replaced": _("Signing secret replaced"),
    "destination.skipped": _("Waiting events left out"),
    "destination.retry_requested": _("Try at once asked for"),
    "destination.replayed": _("Undelivered events sent again"),
    "destination.discarded": _("Undelivered events let go"),
}
AREAS: Final[Mapping[str, Promise]] = {"destination": _("Deliveries")}
ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "name": _("Name"),
    "types": _("Events"),
    "level": _("From level"),
    "groups": _("Device groups"),
    "kind": _("Kind"),
    "position": _("Position in the log"),
    "template": _("What is sent"),
    "host": _("Receiver"),
    "scheme": _("Protocol of the address"),
    "port": _("Port"),
    "protocol": _("Carried by"),
    "body": _("Format"),
    "facility": _("Facility"),
    "authorities": _("Certificate authority"),
    "client_certificate": _("Client certificate"),
    "url": _("Address"),
    "index": _("Index"),
    "sourcetype": _("Source type"),
    "acknowledgement": _("Acknowledgement"),
    "data_stream": _("Data stream"),
    "endpoint": _("Logs ingestion endpoint"),
    "rule": _("Data collection rule"),
    "stream": _("Stream"),
    "tenant": _("Directory (tenant) ID"),
    "secret.url": _("Address (secret)"),
    "secret.signing": _("Signing secret"),
    "secret.authorization": _("Authorization header"),
    "secret.client_key": _("Key of the client certificate"),
    "secret.token": _("Token"),
    "secret.api_key": _("API key"),
    "secret.client_secret": _("Client secret"),
}
DETAILS: Final[Mapping[str, Promise]] = {"arrived": _("Arrived")}
