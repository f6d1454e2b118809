"""The console's menu as data: what stands where, and who sees it (reference/lookout.md 1.1 and 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vedette.web.viewer import Access, Viewer


@dataclass(frozen=True)
class Entry:
    """One line of the menu. `key` is also the key of a badge, `counts` what that badge counts; `route` the URL name."""

    key: str
    label: Promise
    route: str
    icon: str
    access: frozenset[Access] = frozenset({"full", "restricted"})
    counts: Promise | None = None


@dataclass(frozen=True)
class Section:
    """A group of entries under an optional heading."""

    label: Promise | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Link:
    """An entry ready to be drawn for one request."""

    key: str
    label: Promise
    icon: str
    href: str
    active: bool
    badge: int
    counts: Promise | None


FULL_ONLY: frozenset[Access] = frozenset({"full"})

MENU = (
    Section(
        None,
        (
            Entry("dashboard", _("Dashboard"), "console:dashboard", "layout-dashboard"),
            Entry(
                "threats",
                _("Threats"),
                "console:threats",
                "alert-triangle",
                counts=_("open, low to high risk"),
            ),
            Entry("devices", _("Devices"), "console:devices", "device-mobile"),
            Entry("vulnerabilities", _("Vulnerabilities"), "console:vulnerabilities", "bug"),
            Entry("scans", _("Scans"), "console:scans", "scan", frozenset({"full"})),
            Entry("policy", _("Security Policy"), "console:policy", "shield-check"),
        ),
    ),
    Section(
        _("System"),
        (
            Entry("account", _("Account"), "console:account", "building"),
            Entry(
                "connectors",
                _("Connectors"),
                "connectors:overview",
                "plug-connected",
                FULL_ONLY,
                counts=_("errors to look at"),
            ),
            Entry("enrollment", _("Manage Enrollment"), "console:enrollment", "user-plus", FULL_ONLY),
            Entry("application_keys", _("Application keys"), "console:application-keys", "key", FULL_ONLY),
            Entry("intelligence", _("Intelligence"), "console:intelligence", "database"),
            Entry("audit", _("Audit trail"), "console:audit", "history"),
        ),
    ),
)
PREFERENCES = Entry("preferences", _("Preferences"), "preferences", "adjustments-horizontal")


def menu(request: HttpRequest, viewer: Viewer) -> list[tuple[Promise | None, list[Link]]]:
    """Return headings with their links, without what this access may not open or what is not installed."""
    sections = ((section.label, list(_links(request, viewer, section.entries))) for section in MENU)
    return [(label, links) for label, links in sections if links]


def preferences(request: HttpRequest, viewer: Viewer) -> Link | None:
    """Return the link to the person's own settings, which stands at the foot of the menu."""
    return next(_links(request, viewer, (PREFERENCES,)), None)


def _links(request: HttpRequest, viewer: Viewer, entries: tuple[Entry, ...]) -> Iterator[Link]:
    for entry in entries:
        href = route(entry.route) if viewer.access in entry.access else None
        if href is not None:
            yield Link(
                entry.key,
                entry.label,
                entry.icon,
                href,
                is_active(request.path, href),
                viewer.badges.get(entry.key, 0),
                entry.counts,
            )


def route(name: str) -> str | None:
    """Return the address of a route, or None where the part that serves it is not installed."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def is_active(path: str, href: str) -> bool:
    """Tell whether a page lies at or under a menu entry; the root only matches itself."""
    return path == href or (href != "/" and path.startswith(href.rstrip("/") + "/"))
