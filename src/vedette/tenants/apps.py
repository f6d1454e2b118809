"""The accounts as a Django app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Connects what the page kit announces with the person it concerns, and tokens with whose registration it is."""

    name = "vedette.tenants"
    label = "tenants"

    def ready(self) -> None:
        """Listen to changes of theme and language, and say which registration speaks for a tenant."""
        from vedette.foundation import registration  # noqa: PLC0415 - models exist only once the apps are loaded
        from vedette.tenants import preferences, registrations  # noqa: PLC0415 - as above
        from vedette.web import appearance  # noqa: PLC0415 - as above

        registration.use(registrations.own)
        appearance.changed.connect(preferences.keep_appearance, dispatch_uid="tenants.keep_appearance")
