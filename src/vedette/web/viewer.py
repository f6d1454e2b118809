"""Who looks at a page: set by the layers above on `request.viewer`, read by the templates of the kit.

The kit lies below tenants and console, so it names what it shows instead of importing their models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from django.http import HttpRequest

Access = Literal["full", "restricted"]
Tone = Literal["neutral", "info", "success", "warning", "serious", "danger"]


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A strip above every page of the console, such as Monitor mode or unacknowledged connector errors."""

    text: str
    tone: Tone = "info"
    icon: str = "info-circle"
    link_text: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The signed-in person as pages show them.

    `badges` maps a navigation key (navigation.py) to a count shown beside it, for example open threats.
    `theme` is the person's stored choice (`light`, `dark`, `system`) or empty when the cookie decides.
    """

    name: str
    upn: str
    tenant_name: str
    access: Access
    theme: str = ""
    badges: Mapping[str, int] = field(default_factory=dict)
    banners: tuple[Banner, ...] = ()

    @property
    def initials(self) -> str:
        """One or two letters for the round picture beside the name."""
        words = self.name.split() or [self.upn]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def of(request: HttpRequest) -> Viewer | None:
    """Return the viewer of a request, or None on pages before sign-in."""
    viewer = getattr(request, "viewer", None)
    return viewer if isinstance(viewer, Viewer) else None


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What a layer above adds to the frame of each page: badges of the menu and banners."""

    badges: Mapping[str, int] = field(default_factory=dict)
    banners: tuple[Banner, ...] = ()


SignMaker = Callable[[HttpRequest], Signs]
_makers: list[SignMaker] = []


def provide_signs(maker: SignMaker) -> None:
    """Ask MAKER for signs whenever the console's frame is drawn; called once, when Django starts.

    It is called only for a signed-in person, and only by pages that show the menu. It may read the database,
    through a door of its own: some views have none open.
    """
    if maker not in _makers:
        _makers.append(maker)


def complete(request: HttpRequest) -> Viewer | None:
    """Return the viewer with what the layers above add; asked for once per request."""
    viewer = of(request)
    if viewer is None:
        return None
    kept = vars(request).get("complete_viewer")
    if isinstance(kept, Viewer):
        return kept
    badges, banners = dict(viewer.badges), list(viewer.banners)
    for signs in [maker(request) for maker in _makers]:
        badges.update(signs.badges)
        banners.extend(signs.banners)
    whole = replace(viewer, badges=badges, banners=tuple(banners))
    vars(request)["complete_viewer"] = whole
    return whole
