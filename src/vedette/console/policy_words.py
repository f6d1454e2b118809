"""Words of the security policy: families and responses."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAMILIES: Final[Mapping[str, Promise]] = {
    "APPLICATION": _("Applications"),
    "FILE": _("Files"),
    "OS": _("Operating system"),
    "CONFIGURATION": _("Device configuration"),
    "NETWORK": _("Network"),
    "WEB_CONTENT": _("Web and content"),
}
RESPONSES: Final[Mapping[str, Promise]] = {
    "alert": _("Alert device"),
    "silent": _("Don't alert device"),
    "block_and_alert": _("Block and alert device"),
    "warn_and_alert": _("Warn and alert device"),
}
WEB_RESPONSES: Final = frozenset({"block_and_alert", "warn_and_alert"})
"""Offered for web content alone: nothing else can be blocked on the phone."""
