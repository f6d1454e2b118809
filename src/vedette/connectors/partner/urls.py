"""Addresses of the partner adapter."""

from django.urls import path

from vedette.connectors.partner import views

app_name = "partner"
urlpatterns = [
    path("", views.page, name="page"),
    path("on", views.turn_on, name="on"),
    path("off", views.turn_off, name="off"),
]
