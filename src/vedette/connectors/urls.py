"""Addresses of the connectors; each connector keeps its own below."""

from django.urls import include, path

from vedette.connectors import views

overview = ([path("", views.overview, name="overview")], "connectors")

urlpatterns = [
    path("system/connectors/", include(overview)),
    path("system/connectors/intune/", include("vedette.connectors.intune.urls")),
    path("system/connectors/partner/", include("vedette.connectors.partner.urls")),
]
