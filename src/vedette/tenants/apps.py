"""The accounts as a Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Connects what the page kit announces with the person it concerns."""

    name = "vedette.tenants"
    label = "tenants"

    def ready(self) -> None:
        """Listen to changes of theme and language."""
        from vedette.tenants import preferences  # noqa: PLC0415 - models exist only once the apps are loaded
        from vedette.web import appearance  # noqa: PLC0415 - as above

        appearance.changed.connect(preferences.keep_appearance, dispatch_uid="tenants.keep_appearance")
