from django.apps import AppConfig


class PartnerConfig(AppConfig):
    """The partner connector: a closed folder."""

    name = "vedette.connectors.partner"
    label = "partner"

    def ready(self) -> None:
        """Listen to state changes and offer the route to the publisher."""
        from vedette.connectors import overview, routes  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.partner import receivers  # noqa: F401, PLC0415 - importing connects them
        from vedette.connectors.partner.partner_route import PartnerRoute  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.partner.views import card  # noqa: PLC0415 - as above

        routes.register(PartnerRoute())
        overview.offer(card)
