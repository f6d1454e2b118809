from django.apps import AppConfig


class GroupsConfig(AppConfig):
    """The groups of phones and people at risk: a closed folder."""

    name = "vedette.connectors.groups"
    label = "groups"

    def ready(self) -> None:
        """Listen to state changes and offer both routes to the publisher."""
        from vedette.connectors import expected, overview, routes, value_names  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.groups import receivers  # noqa: F401, PLC0415 - importing connects them
        from vedette.connectors.groups.card import card  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.groups.lines import lines  # noqa: PLC0415 - as above
        from vedette.connectors.groups.membership_route import MEMBERSHIPS  # noqa: PLC0415 - as above
        from vedette.connectors.groups.settings_read import group_names  # noqa: PLC0415 - as above

        for route in MEMBERSHIPS:
            routes.register(route)
        overview.offer(card)
        expected.offer(lines)
        value_names.offer(group_names)
