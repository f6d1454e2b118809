"""Signs of what stands between states and Microsoft: phones let in for a time, said on the dashboard."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.compliance import brake
from vedette.compliance.models import Release
from vedette.console.guard_words import KINDS
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.web.viewer import Banner


def banners(request: MemberRequest) -> tuple[Banner, ...]:
    """Return the signs for this page; inside the tenant's door."""
    on_dashboard = request.path == reverse("console:dashboard")
    return (*_leaving(request), *_brakes(request), *(_released() if on_dashboard else ()))


def _leaving(request: MemberRequest) -> tuple[Banner, ...]:
    address = reverse("console:disconnect")
    if request.tenant.status != Tenant.Status.DISCONNECTING or request.path == address:
        return ()
    return (
        Banner(
            text=_("This tenant is being disconnected: what was written to Microsoft is withdrawn."),
            tone="danger",
            icon="plug-connected-x",
            link_text=_("See how far it is"),
            href=address,
        ),
    )


def _brakes(request: MemberRequest) -> tuple[Banner, ...]:
    """Say which cause is held back, on every page but the brake's own."""
    found = []
    for row in brake.pulled():
        address = reverse("console:brake", args=[row.pk])
        if request.path == address:
            continue
        held = len(brake.held_by(row))
        text = ngettext(
            "Brake: the block of %(held)d phone is held. Cause: %(cause)s.",
            "Brake: the blocks of %(held)d phones are held. Cause: %(cause)s.",
            held,
        )
        found.append(
            Banner(
                text=text % {"held": held, "cause": KINDS[row.kind]},
                tone="danger",
                icon="player-pause",
                link_text=_("Release or take back"),
                href=address,
            )
        )
    return tuple(found)


def _released() -> tuple[Banner, ...]:
    count = Release.objects.filter(ended_at=None).count()
    if not count:
        return ()
    text = ngettext(
        "%(count)d phone is let in for a time in spite of its state.",
        "%(count)d phones are let in for a time in spite of their state.",
        count,
    )
    return (
        Banner(
            text=text % {"count": count},
            tone="warning",
            icon="lock-open",
            link_text=_("See which"),
            href=f"{reverse('console:devices')}?state=released",
        ),
    )
