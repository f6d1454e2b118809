"""Two partners on one platform: told once when it is found, past when one of them is gone (microsoft.md 1.4)."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.errors import Advice, Problem
from vedette.connectors.intune import mtd_connectors

SOURCE: Final = "partners"
_MESSAGE: Final = _("Two threat-defense partners serve %(platform)s: %(names)s.")
_ADVICE: Final = Advice(
    _("Each one's app has to be installed and to have scanned, or Intune marks the phone as noncompliant."),
    _(
        "Keep one partner for each platform: Intune admin center > Tenant administration > Connectors and tokens."
    ),
)


def warn(tenant_id: uuid.UUID, data: Mapping[str, Any]) -> None:
    """Record a warning for each platform that two partners serve, and end those that are past."""
    doubled = mtd_connectors.doubled(mtd_connectors.of(data.get("connectors", [])))
    codes = {platform: f"two_partners:{platform.lower()}" for platform in doubled}
    for platform, names in doubled.items():
        words = {"platform": platform, "names": ", ".join(names)}
        errors.record(tenant_id, "intune", Problem(SOURCE, codes[platform], _MESSAGE, _ADVICE, words))
    errors.passed(tenant_id, "intune", SOURCE, still=list(codes.values()))
