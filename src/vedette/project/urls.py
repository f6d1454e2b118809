"""Addresses of the console; the device API stands beside Django (asgi.py)."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("vedette.tenants.urls")),
    path("", include("vedette.connectors.urls")),
    path("", include("vedette.console.urls")),
    path("", include("vedette.web.urls")),
]

handler400 = "vedette.web.errors.bad_request"
handler403 = "vedette.web.errors.permission_denied"
handler404 = "vedette.web.errors.page_not_found"
handler500 = "vedette.web.errors.server_error"
