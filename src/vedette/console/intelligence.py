"""Intelligence: which feeds are in force, what they brought, how old they are; public feeds to begin with.

Feeds belong to the installation. From the console they are changed where the tenant is alone on it; else the
operator does it on the server.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import brake, change_feeds
from vedette.console import words
from vedette.feeds import catalogue, index, store
from vedette.feeds.models import FeedSource
from vedette.foundation import clock, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm

HOLDS: Final[dict[str, Promise]] = {
    "mercenary spyware": gettext_lazy("Mercenary spyware: an index whose bundles are fetched too"),
    "stalkerware": gettext_lazy("Stalkerware: packages, signers, hosts"),
    "watchware": gettext_lazy("Watchware: parental control and the like, rated as risky"),
    "samples": gettext_lazy("Stalkerware: hashes and signers of samples"),
    "ios": gettext_lazy("Releases of iOS and iPadOS and the flaws they mend"),
    "android": gettext_lazy("Android's security bulletins: flaws by version and patch level"),
    "exploited": gettext_lazy("Flaws that are used in attacks"),
    "life": gettext_lazy("How long versions and models are mended"),
    "warning": gettext_lazy("Values that are no evidence although feeds list them; they win over feeds"),
}
STALE: Final = timedelta(days=14)


@dataclass(frozen=True)
class Row:
    """A feed as the page shows it."""

    status: store.Status
    source: FeedSource | None
    older: tuple[int, ...]
    stale: bool

    @property
    def not_understood(self) -> int:
        """How many values the importer could not read."""
        parts = (self.status.report.get("not_understood"), self.status.report.get("rejected"))
        return sum(int(count) for part in parts if part for count in part.values())


@access.member("policy", door=False)
def page(request: MemberRequest) -> HttpResponseBase:
    """List feeds in force and those on offer."""
    found = store.status()
    with database.system():
        sources = {row.feed.name: row for row in FeedSource.objects.select_related("feed")}
        counts = index.current().counts()
    rows = [_row(status, sources.get(status.name)) for status in found]
    offered = [
        (feed, HOLDS[feed.holds])
        for feed in catalogue.CATALOGUE
        if not (feed.name in sources and sources[feed.name].enabled)
    ]
    context = {
        "rows": rows,
        "offers": offered,
        "counts": sorted(
            ((words.fact_words(kind), count) for kind, count in counts.items()), key=lambda pair: -pair[1]
        ),
        "total": sum(counts.values()),
        "may_act": may_act(request),
        "may_modify": access.may(request.administrator, "policy", "modify"),
        "troubled": sum(bool(row.source and row.source.enabled and row.source.problem) for row in rows),
    }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "console/intelligence.html", context).render()


@access.member("policy", door=False)
def feed(request: MemberRequest, name: str) -> HttpResponseBase:
    """Show what one feed brought and what of it was not understood."""
    status = next((status for status in store.status() if status.name == name), None)
    if status is None:
        raise Http404
    with database.system():
        source = FeedSource.objects.filter(feed__name=name).first()
    report = status.report
    parts = (
        (_("Taken"), report.get("taken")),
        (_("Said twice"), report.get("duplicates")),
        (_("Left out on purpose"), report.get("skipped")),
        (_("Malformed"), report.get("rejected")),
        (_("Not understood"), report.get("not_understood")),
    )
    context = {
        "row": _row(status, source),
        "parts": [(title, sorted(part.items())) for title, part in parts if part],
        "examples": report.get("examples") or [],
        "may_act": may_act(request),
    }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "console/feed.html", context).render()


@access.full("policy", door=False)
def subscribe(request: MemberRequest, name: str) -> HttpResponseBase:
    """Begin to fetch a public feed."""
    public = catalogue.BY_NAME.get(name)
    if public is None:
        raise Http404
    return _acted(
        request,
        lambda: change_feeds.subscribe(request.tenant.id, public, access.actor(request)),
        title=_("Fetch %(title)s?") % {"title": public.title},
        body=_(
            "It is fetched from %(address)s now and then every %(hours)d hours. Licence: %(licence)s. Findings "
            "appear as soon as it is loaded; in Monitor mode nothing is written to Microsoft."
        )
        % {"address": public.address, "hours": public.every_hours, "licence": public.licence},
        action=_("Fetch it"),
        done=_("It is fetched within a minute."),
    )


@access.full("policy", door=False)
def refresh(request: MemberRequest, name: str) -> HttpResponseBase:
    """Look for a newer version now."""
    return _acted(
        request,
        lambda: change_feeds.refresh(request.tenant.id, name, access.actor(request)),
        title=_("Look for a newer version of %(name)s?") % {"name": name},
        body=_("Only what changed is fetched."),
        action=_("Look now"),
        done=_("It is looked for within a minute."),
    )


@access.full("policy", door=False)
def unsubscribe(request: MemberRequest, name: str) -> HttpResponseBase:
    """Fetch a feed no more."""
    return _acted(
        request,
        lambda: change_feeds.unsubscribe(request.tenant.id, name, access.actor(request)),
        title=_("Fetch %(name)s no more?") % {"name": name},
        body=_("The version in force stays in force and grows old."),
        action=_("Stop"),
        done=_("It is fetched no more."),
        danger=True,
    )


@access.full("policy", door=False)
def roll_back(request: MemberRequest, name: str) -> HttpResponseBase:
    """Put the version before in force again, after showing the difference."""
    try:
        added, removed, number = store.difference_to_previous(name)
    except store.FeedError as error:
        messages.error(request, str(error))
        return redirect("console:intelligence")
    return _acted(
        request,
        lambda: change_feeds.roll_back(request.tenant.id, name, access.actor(request)),
        title=_("Go back to version %(number)d of %(name)s?") % {"number": number, "name": name},
        body=_(
            "%(added)d values come back and %(removed)d go. Phones are judged anew. The feed is fetched no more until "
            "you choose to fetch it again: the next fetch would undo this."
        )
        % {"added": added, "removed": removed},
        action=_("Go back"),
        done=_("The version before is in force, and the feed is fetched no more."),
        danger=True,
    )


def may_act(request: MemberRequest) -> bool:
    """Whether this person may change feeds: with full access, where no other tenant is served."""
    return access.may(request.administrator, "policy", "modify") and brake.alone_here(request.tenant.id)


def _acted(
    request: MemberRequest,
    act: Callable[[], Any],
    *,
    title: str,
    body: str,
    action: str,
    done: str,
    danger: bool = False,
) -> HttpResponseBase:
    if not may_act(request):
        messages.error(
            request,
            _(
                "Feeds serve other organisations too. On the server: vedette intel subscribe, fetch, rollback."
            ),
        )
        return redirect("console:intelligence")
    if request.method != "POST":
        return confirm(
            request,
            title=title,
            body=body,
            action=action,
            back=reverse("console:intelligence"),
            danger=danger,
        )
    try:
        act()
    except store.FeedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("console:intelligence")


def _row(status: store.Status, source: FeedSource | None) -> Row:
    older = tuple(n for n in status.versions if status.active and n < status.active)
    return Row(status, source, older, stale=_stale(status.imported_at, source))


def _stale(imported_at: datetime | None, source: FeedSource | None) -> bool:
    """A feed that nobody has looked for, in vain or not, for a fortnight."""
    seen = (source.checked_at if source and source.enabled else None) or imported_at
    return seen is not None and clock.now() - seen > STALE
