from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The connector of change notifications: a closed folder."""

    name = "vedette.connectors.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Offer the card of the overview page."""
        from vedette.connectors import overview  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.notifications.views import card  # noqa: PLC0415 - as above

        overview.offer(card)
