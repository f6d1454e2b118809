from django.apps import AppConfig


class IntuneConfig(AppConfig):
    """The intune connector: a closed folder."""

    name = "vedette.connectors.intune"
    label = "intune"
