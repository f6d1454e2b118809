"""What every page of the console shows beside its own content: Monitor mode, open threats, connector errors."""

from typing import cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.connectors import errors, silence
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.standing import TROUBLED
from vedette.connectors.models import ConnectorError
from vedette.console import guard_signs
from vedette.feeds.models import FeedVersion
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.web.viewer import Banner, Signs


def signs(request: HttpRequest) -> Signs:
    """Count what waits for somebody, and say what holds for the whole tenant."""
    member = cast("MemberRequest", request)
    if getattr(request, "tenant", None) is None:
        return Signs()
    with database.tenant(member.tenant.id):
        badges = {
            "threats": Threat.objects.filter(status=Threat.Status.OPEN, risk__gte=Risk.LOW).count(),
            "connectors": ConnectorError.objects.filter(
                acknowledged_at__isnull=True, resolved_at__isnull=True
            ).count(),
        }
        kinds = (_blind, _monitor, _connector, _silent, guard_signs.banners)
        banners = tuple(banner for kind in kinds for banner in kind(member))
    return Signs(badges=badges, banners=banners)


def _blind(request: MemberRequest) -> tuple[Banner, ...]:
    """Say that known malware goes unrecognised, until a feed is in force."""
    address = reverse("console:intelligence")
    if request.path.startswith(address) or FeedVersion.objects.filter(active=True).exists():
        return ()
    return (
        Banner(
            text=_("No intelligence is loaded: known malware and missing fixes are not recognised."),
            tone="warning",
            icon="database-off",
            link_text=_("Choose feeds"),
            href=address,
        ),
    )


def _silent(request: MemberRequest) -> tuple[Banner, ...]:
    """Say which sources have fallen silent, until somebody has seen it: mail may be what is silent."""
    if not access.may(request.administrator, "connectors", "view"):
        return ()
    standing = ConnectorError.objects.filter(
        connector=silence.WATCH, resolved_at=None, acknowledged_at=None
    ).order_by("since")
    return tuple(
        Banner(
            text=errors.shown(error.message, "", "", error.words).message,
            tone="warning",
            icon="bell",
            link_text=_("What to do"),
            href=reverse("intune:errors"),
        )
        for error in standing
    )


def _monitor(request: MemberRequest) -> tuple[Banner, ...]:
    address = reverse("console:account")
    leaving = request.tenant.status == Tenant.Status.DISCONNECTING
    if request.tenant.mode != Tenant.Mode.MONITOR or leaving or request.path == address:
        return ()  # the account's page says it at length
    may_arm = access.may(request.administrator, "account", "modify")
    return (
        Banner(
            text=_("Monitor mode: verdicts are computed, nothing is written to Microsoft."),
            tone="warning",
            icon="eye",
            link_text=_("See who would be blocked, then arm") if may_arm else _("See who would be blocked"),
            href=address,
        ),
    )


def _connector(request: MemberRequest) -> tuple[Banner, ...]:
    if not access.may(request.administrator, "connectors", "view"):
        return ()
    state = IntuneConnector.objects.values_list("state", flat=True).first()
    if state not in TROUBLED:
        return ()
    return (
        Banner(
            text=_("The way to Microsoft is interrupted: states are not delivered until it works again."),
            tone="danger",
            icon="plug-connected-x",
            link_text=_("See the errors"),
            href=reverse("intune:errors"),
        ),
    )
