from django.apps import AppConfig


class PartnerConfig(AppConfig):
    """The partner connector: a closed folder."""

    name = "vedette.connectors.partner"
    label = "partner"
