"""Theme and language: chosen at the foot of each page, kept in cookies and with the person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from vedette.web import viewer

THEME_COOKIE: Final = "vedette_theme"
DEFAULT_THEME: Final = "system"
THEMES: Final[tuple[tuple[str, Promise, str], ...]] = (
    ("light", _("Light"), "sun"),
    ("dark", _("Dark"), "moon"),
    ("system", _("As the system"), "device-desktop"),
)
YEAR: Final = timedelta(days=365)

# Sent with request, theme and language (each None when unchanged), so that the layer which knows the person
# stores it.
changed = Signal()


def theme(request: HttpRequest) -> str:
    """Return `light`, `dark` or `system`: the person's stored choice, else the cookie's."""
    person = viewer.of(request)
    wanted = (person.theme if person else "") or request.COOKIES.get(THEME_COOKIE, "")
    return wanted if is_theme(wanted) else DEFAULT_THEME


def is_theme(name: str) -> bool:
    """Tell whether a name is one of the themes."""
    return any(name == known for known, _label, _icon in THEMES)


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Store theme and/or language and go back to the page (form fields `theme`, `language`, `next`)."""
    response = HttpResponseRedirect(_back(request))
    chosen_theme = _chosen(request, "theme", is_theme)
    chosen_language = _chosen(request, "language", _is_language)
    if chosen_theme:
        _remember(response, THEME_COOKIE, chosen_theme)
    if chosen_language:
        _remember(response, settings.LANGUAGE_COOKIE_NAME, chosen_language)
    changed.send(sender=None, request=request, theme=chosen_theme, language=chosen_language)
    return response


def _chosen(request: HttpRequest, field: str, known: Callable[[str], bool]) -> str | None:
    value = request.POST.get(field, "")
    return value if known(value) else None


def _is_language(code: str) -> bool:
    return code in dict(settings.LANGUAGES) and check_for_language(code)


def _remember(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "/"
