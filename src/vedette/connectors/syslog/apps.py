from django.apps import AppConfig


class SyslogConfig(AppConfig):
    """The destination syslog: a closed folder without tables of its own."""

    name = "vedette.connectors.syslog"
    label = "syslog"

    def ready(self) -> None:
        """Register the kind."""
        from vedette.connectors import destination_kinds  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.syslog.kind import SyslogKind  # noqa: PLC0415 - as above

        destination_kinds.register(SyslogKind())
