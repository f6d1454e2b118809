from django.apps import AppConfig


class SplunkConfig(AppConfig):
    """The destination Splunk: a closed folder without tables of its own."""

    name = "vedette.connectors.splunk"
    label = "splunk"

    def ready(self) -> None:
        """Register the kind."""
        from vedette.connectors import destination_kinds  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.splunk.kind import SplunkKind  # noqa: PLC0415 - as above

        destination_kinds.register(SplunkKind())
