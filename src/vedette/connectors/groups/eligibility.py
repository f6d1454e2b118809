"""Pure: which Entra groups can be kept by the product, and what to know of one before it is (microsoft.md 2.5, 4.7).

Only cloud security groups with assigned membership: the others refuse an application's writes, mean rights, or
mean something to the product already.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.connectors.entra_groups import Group

DYNAMIC: Final = "dynamic"
ROLE: Final = "role_assignable"
MAIL: Final = "mail_enabled"
ON_PREMISES: Final = "on_premises"
NOT_SECURITY: Final = "not_security"
IN_USE: Final = "in_use"

REFUSALS: Final[Mapping[str, Promise]] = {
    DYNAMIC: _(
        "Its membership is dynamic: a rule in Entra decides who is in it, and Entra refuses members from anybody else."
    ),
    ROLE: _(
        "Entra roles can be assigned to it: a phone or person at risk would gain rights by it, and Entra refuses "
        "members from an application without role management."
    ),
    MAIL: _("It is mail-enabled: its members are managed in Exchange or Microsoft 365, and get its mail."),
    ON_PREMISES: _("It is synchronised from a directory on premises, which alone decides who is in it."),
    NOT_SECURITY: _("It is not a security group: neither conditional access nor Intune acts on it."),
    IN_USE: _("It has another use already; who is put into it would gain what it stands for."),
}
WAY_OUT: Final = _(
    "Make a security group of its own in Entra (membership type Assigned, no roles), and choose that."
)


def refusal(group: Group, uses: Mapping[UUID, str]) -> str:
    """Say by a code of REFUSALS why the group cannot be kept; empty when it can. `uses`: groups in use."""
    rules = (
        (DYNAMIC, group.dynamic),
        (ROLE, group.role_assignable),
        (ON_PREMISES, group.on_premises),
        (MAIL, group.mail_enabled or group.unified),
        (NOT_SECURITY, not group.security_enabled),
        (IN_USE, group.id in uses),
    )
    return next((code for code, applies in rules if applies), "")


def explanation(group: Group, code: str, uses: Mapping[UUID, str]) -> str:
    """Put a refusal in words, in the current language, with the way out."""
    because = f"“{group.display_name}”: {REFUSALS[code]}"
    if code == IN_USE:
        because = f"{because} ({uses[group.id]})"
    return f"{because} {WAY_OUT}"
