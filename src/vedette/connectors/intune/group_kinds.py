"""Pure: whether the people of an Entra group can be enrolled, and what to know of it before (C2, C3).

Only security-enabled groups are taken: conditional access targets no others, and phones would be protected whom
no rule can block.
"""

from django.utils.translation import gettext as _

from vedette.connectors.entra_groups import Group, Kind


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
