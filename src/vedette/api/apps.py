from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The APIs for other programs: they have no tables, but events in words that deliveries use too."""

    name = "vedette.api"
    label = "api"

    def ready(self) -> None:
        """Name the function that puts events into the words of the Mobile Risk API."""
        from vedette.api.mobile_risk import told  # noqa: PLC0415 - models are ready only now
        from vedette.connectors import destination_events  # noqa: PLC0415 - as above

        destination_events.provide_shapes(told.shaped)
