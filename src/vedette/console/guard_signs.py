"""Signs of what stands between states and Microsoft: phones let in for a time, said on the dashboard."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.compliance.models import Release
from vedette.tenants.access import MemberRequest
from vedette.web.viewer import Banner


def banners(request: MemberRequest) -> tuple[Banner, ...]:
    """Return the signs for this page; inside the tenant's door."""
    return _released() if request.path == reverse("console:dashboard") else ()


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
