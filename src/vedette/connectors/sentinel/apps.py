from django.apps import AppConfig


class SentinelConfig(AppConfig):
    """The destination Microsoft Sentinel: a closed folder without tables of its own."""

    name = "vedette.connectors.sentinel"
    label = "sentinel"

    def ready(self) -> None:
        """Register the kind."""
        from vedette.connectors import destination_kinds  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.sentinel.kind import SentinelKind  # noqa: PLC0415 - as above

        destination_kinds.register(SentinelKind())
