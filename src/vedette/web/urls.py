"""Routes of the page kit; the project includes them at the root."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import path

from vedette.web import appearance, styleguide

app_name = "web"


def icon(_request: HttpRequest) -> HttpResponse:
    """Lead browsers to the mark when they ask for an icon at the fixed address, as beside JSON."""
    return redirect(static("web/mark.svg"))


urlpatterns = [
    path("favicon.ico", icon, name="icon"),
    path("appearance", appearance.save, name="appearance"),
    path("styleguide", styleguide.show, name="styleguide"),
    path("styleguide/confirm", styleguide.ask, name="styleguide-confirm"),
    path("styleguide/plain", styleguide.plain, name="styleguide-plain"),
    path("styleguide/error", styleguide.error, name="styleguide-error"),
]
