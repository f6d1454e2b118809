"""The page kit as a Django app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, static files and template tags; no tables."""

    name = "vedette.web"
    label = "web"
