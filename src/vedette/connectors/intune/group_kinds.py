"""Pure: what kind of Entra group this is, whether its people can be enrolled, and what to know of it (C2, C3).

Kinds by `securityEnabled`, `mailEnabled` and `groupTypes` (microsoft.md 2.5). Only security-enabled groups are taken:
conditional access targets no others, and phones would be protected whom no rule can block.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _

FIELDS: Final = (
    "id,displayName,description,securityEnabled,mailEnabled,groupTypes,visibility,isAssignableToRole"
)
HIDDEN: Final = "HiddenMembership"


class Kind(StrEnum):
    """What Entra's admin center calls the group's type."""

    SECURITY = "security"
    MAIL_SECURITY = "mail-enabled security"
    MICROSOFT_365_SECURITY = "security-enabled Microsoft 365"
    MICROSOFT_365 = "Microsoft 365"
    MAILING_LIST = "distribution"
    OTHER = "other"


@dataclass(frozen=True)
class Group:
    """A group as the directory has it."""

    id: uuid.UUID
    display_name: str
    description: str
    security_enabled: bool
    dynamic: bool
    mail_enabled: bool = False
    unified: bool = False
    role_assignable: bool = False
    hidden: bool = False

    @property
    def kind(self) -> Kind:
        """Say what kind of group it is."""
        if self.unified:
            return Kind.MICROSOFT_365_SECURITY if self.security_enabled else Kind.MICROSOFT_365
        if self.security_enabled:
            return Kind.MAIL_SECURITY if self.mail_enabled else Kind.SECURITY
        return Kind.MAILING_LIST if self.mail_enabled else Kind.OTHER


def from_graph(item: Mapping[str, Any]) -> Group:
    """Read Graph's group."""
    types = item.get("groupTypes") or []
    return Group(
        id=uuid.UUID(item["id"]),
        display_name=item.get("displayName") or "",
        description=item.get("description") or "",
        security_enabled=bool(item.get("securityEnabled")),
        dynamic="DynamicMembership" in types,
        mail_enabled=bool(item.get("mailEnabled")),
        unified="Unified" in types,
        role_assignable=bool(item.get("isAssignableToRole")),
        hidden=item.get("visibility") == HIDDEN,
    )


def refusal(group: Group) -> str:
    """Say in the current language why the group cannot be enrolled, and what to do; empty when it can be."""
    if group.security_enabled:
        return ""
    texts = {
        Kind.MICROSOFT_365: _(
            "“%(name)s” is a Microsoft 365 group that is not security-enabled: conditional access cannot target it. "
            "Choose a security group with the same people, or let an administrator set securityEnabled on this one."
        ),
        Kind.MAILING_LIST: _(
            "“%(name)s” is a mailing list (distribution group), not a security group: conditional access cannot target "
            "it. Choose or make a security group with the same people."
        ),
        Kind.OTHER: _(
            "“%(name)s” is not a security group: conditional access cannot target it. Choose or make a security group "
            "with the same people."
        ),
    }
    return texts[group.kind] % {"name": group.display_name}


def remarks(group: Group) -> list[str]:
    """What to know before a group is enrolled, in the current language."""
    found = []
    if group.kind is Kind.MICROSOFT_365_SECURITY:
        found.append(
            _(
                "This is a Microsoft 365 group that is security-enabled: its owners can add people by themselves."
            )
        )
    if group.kind is Kind.MAIL_SECURITY:
        found.append(_("This is a mail-enabled security group: its members are managed in Exchange."))
    if group.dynamic:
        found.append(
            _(
                "Its membership is dynamic: a rule in Entra decides who is in it, and changes can take minutes to "
                "hours."
            )
        )
    if group.hidden:
        found.append(
            _(
                "Its membership is hidden. If people are missing in the numbers below, the application lacks the "
                "permission Member.Read.Hidden."
            )
        )
    if group.role_assignable:
        found.append(
            _(
                "Entra roles can be assigned to it: only a Privileged Role Administrator or its owner can change its "
                "members."
            )
        )
    return found


def hidden_refusal(group: Group) -> str:
    """Say why the members of a group with hidden membership cannot be read."""
    return _(
        "The membership of “%(name)s” is hidden, and Microsoft does not let Vedette read it. Grant the application the "
        "permission Member.Read.Hidden, or choose another group."
    ) % {"name": group.display_name}
