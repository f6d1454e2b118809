from django.apps import AppConfig


class MailConfig(AppConfig):
    """The mail connector: a closed folder."""

    name = "vedette.connectors.mail"
    label = "mail"

    def ready(self) -> None:
        """Listen to threats and to the other connectors' news."""
        from vedette.connectors.mail import notify, silence_source  # noqa: F401, PLC0415 - importing connects them
