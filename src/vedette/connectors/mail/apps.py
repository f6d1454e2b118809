from django.apps import AppConfig


class MailConfig(AppConfig):
    """The mail connector: a closed folder."""

    name = "vedette.connectors.mail"
    label = "mail"
