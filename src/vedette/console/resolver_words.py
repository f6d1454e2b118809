"""Words of the resolver, for the audit trail."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

ACTIONS: Final[Mapping[str, Promise]] = {
    "device.resolver_address_made": gettext_lazy("Address at the resolver made"),
    "device.resolver_address_withdrawn": gettext_lazy("Address at the resolver withdrawn"),
    "device.resolver_paused": gettext_lazy("Web protection paused"),
    "device.resolver_resumed": gettext_lazy("Web protection resumed"),
    "web.resolver_changed": gettext_lazy("Answers of the resolver changed"),
}
ATTRIBUTES: Final[Mapping[str, Promise]] = {
    "paused_until": gettext_lazy("Paused until"),
    "sinkhole": gettext_lazy("Blocked names lead to the page"),
    "fail_closed": gettext_lazy("What cannot be judged is not answered"),
    "dot_name": gettext_lazy("Name for DNS over TLS"),
}
