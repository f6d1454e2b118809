"""Routes of the page kit; the project includes them at the root."""

from django.urls import path

from vedette.web import appearance, styleguide

app_name = "web"
urlpatterns = [
    path("appearance", appearance.save, name="appearance"),
    path("styleguide", styleguide.show, name="styleguide"),
    path("styleguide/confirm", styleguide.ask, name="styleguide-confirm"),
    path("styleguide/plain", styleguide.plain, name="styleguide-plain"),
    path("styleguide/error", styleguide.error, name="styleguide-error"),
]
