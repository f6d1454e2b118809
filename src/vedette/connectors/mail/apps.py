from django.apps import AppConfig


class MailConfig(AppConfig):
    """The mail connector: a closed folder."""

    name = "vedette.connectors.mail"
    label = "mail"

    def ready(self) -> None:
        """Listen to threats and to the other connectors' news; name tenants' own mailboxes to whoever sends."""
        from vedette.connectors import overview  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.mail import (  # noqa: PLC0415 - as above
            mailbox,
            notify,  # noqa: F401 - importing connects the receivers
            silence_source,  # noqa: F401 - as above
            views,
        )
        from vedette.foundation.mail import sender  # noqa: PLC0415 - as above

        sender.use(mailbox.own)
        overview.offer(views.card)
