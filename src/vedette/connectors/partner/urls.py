"""Addresses of the partner adapter."""

from django.urls import path

from vedette.connectors.partner import views

app_name = "partner"
urlpatterns = [
    path("", views.page, name="page"),
    path("turn", views.turn, name="turn"),
]
