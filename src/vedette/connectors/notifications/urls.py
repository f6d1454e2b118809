"""Addresses of change notifications."""

from django.urls import path

from vedette.connectors.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.page, name="page"),
    path("on", views.turn_on, name="on"),
    path("off", views.turn_off, name="off"),
]
