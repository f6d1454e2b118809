from django.apps import AppConfig


class ActionsConfig(AppConfig):
    """The acts that follow a change of state: a closed folder."""

    name = "vedette.connectors.actions"
    label = "actions"

    def ready(self) -> None:
        """Listen to changes and offer the acts to the publisher."""
        from vedette.connectors import overview, routes  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.actions import receivers  # noqa: F401, PLC0415 - importing connects them
        from vedette.connectors.actions.act_routes import ACTS  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.actions.card import card  # noqa: PLC0415 - as above

        for act in ACTS:
            routes.register(act)
        overview.offer(card)
