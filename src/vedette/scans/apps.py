"""Scans as a Django app; reading and judging need no Django."""

from django.apps import AppConfig


class ScansConfig(AppConfig):
    """The table of uploads and what was found in them."""

    name = "vedette.scans"
    label = "scans"
