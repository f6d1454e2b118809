"""Addresses of the acts."""

from django.urls import path

from vedette.connectors.actions import views

app_name = "actions"
urlpatterns = [path("", views.page, name="page")]
