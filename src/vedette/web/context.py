"""What every template of the kit needs: menu, person, appearance."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from vedette.web import appearance, navigation, viewer


def page(request: HttpRequest) -> dict[str, Any]:
    """Template context processor; reads nothing from the database."""
    person = viewer.of(request)
    context: dict[str, Any] = {
        "viewer": person,
        "theme": appearance.theme(request),
        "themes": appearance.THEMES,
        "languages": settings.LANGUAGES,
        "product": "Vedette",
    }
    if person is not None:
        context["menu"] = navigation.menu(request, person)
        context["preferences_link"] = navigation.preferences(request, person)
        context["sign_out_url"] = navigation.route("sign-out")
    return context
