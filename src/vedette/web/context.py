"""What every template of the kit needs: menu, person, appearance."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise

from vedette.web import appearance, navigation, viewer


def page(request: HttpRequest) -> dict[str, Any]:
    """Template context processor; the database is read only where a page draws the menu or the banners."""
    person = viewer.of(request)
    context: dict[str, Any] = {
        "viewer": person,
        "theme": appearance.theme(request),
        "themes": appearance.THEMES,
        "languages": settings.LANGUAGES,
        "product": "Vedette",
    }
    if person is not None:
        context["menu"] = partial(_menu, request)
        context["banners"] = partial(_banners, request)
        context["preferences_link"] = navigation.preferences(request, person)
        context["sign_out_url"] = navigation.route("sign-out")
    return context


def _menu(request: HttpRequest) -> list[tuple[Promise | None, list[navigation.Link]]]:
    person = viewer.complete(request)
    return navigation.menu(request, person) if person else []


def _banners(request: HttpRequest) -> tuple[viewer.Banner, ...]:
    person = viewer.complete(request)
    return person.banners if person else ()
