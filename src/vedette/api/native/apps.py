from django.apps import AppConfig


class NativeConfig(AppConfig):
    """The native API keeps the answers of acts that may be asked for twice."""

    name = "vedette.api.native"
    label = "native"
