from django.apps import AppConfig


class ElasticConfig(AppConfig):
    """The destination Elasticsearch: a closed folder without tables of its own."""

    name = "vedette.connectors.elastic"
    label = "elastic"

    def ready(self) -> None:
        """Register the kind."""
        from vedette.connectors import destination_kinds  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.elastic.kind import ElasticKind  # noqa: PLC0415 - as above

        destination_kinds.register(ElasticKind())
