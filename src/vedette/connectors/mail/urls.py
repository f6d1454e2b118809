"""Addresses of the mail connector."""

from django.urls import path

from vedette.connectors.mail import views

app_name = "mail"
urlpatterns = [
    path("", views.page, name="page"),
    path("test", views.test, name="test"),
]
