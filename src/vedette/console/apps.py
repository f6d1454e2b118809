"""The console as a Django app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Adds what every page should show to the page kit's frame."""

    name = "vedette.console"
    label = "console"

    def ready(self) -> None:
        """Offer the signs of Monitor mode, open threats and connector errors."""
        from vedette.console import signs  # noqa: PLC0415 - models exist only once the apps are loaded
        from vedette.web import viewer  # noqa: PLC0415 - as above

        viewer.provide_signs(signs.signs)
