from django.apps import AppConfig


class WebhookConfig(AppConfig):
    """The destination webhooks: a closed folder without tables of its own."""

    name = "vedette.connectors.webhook"
    label = "webhook"

    def ready(self) -> None:
        """Register the kind."""
        from vedette.connectors import destination_kinds  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.webhook.kind import WebhookKind  # noqa: PLC0415 - as above

        destination_kinds.register(WebhookKind())
