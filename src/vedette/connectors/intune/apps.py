from django.apps import AppConfig


class IntuneConfig(AppConfig):
    """The intune connector: a closed folder."""

    name = "vedette.connectors.intune"
    label = "intune"

    def ready(self) -> None:
        """Listen to state changes and offer the route to the publisher."""
        from vedette.connectors import errors, overview, reserved_groups, routes, state_sync  # noqa: PLC0415 - models are ready only now
        from vedette.connectors.intune import (  # noqa: PLC0415 - importing connects them
            application,  # noqa: F401 - as above
            capabilities,  # noqa: F401 - as above
            detected_apps,  # noqa: F401 - as above
            outage,
            receivers,  # noqa: F401 - as above
            rules_fetch,  # noqa: F401 - as above
            silence_sources,  # noqa: F401 - as above
        )
        from vedette.connectors.intune.attribute_route import AttributeRoute  # noqa: PLC0415 - as above
        from vedette.connectors.intune.card import card  # noqa: PLC0415 - as above
        from vedette.connectors.intune.settings_read import (  # noqa: PLC0415 - as above
            enrollment_groups_in_use,
            error_recipients,
            read_sync_settings,
        )
        from vedette.foundation import circuit  # noqa: PLC0415 - as above

        circuit.listen(outage.tell)
        routes.register(AttributeRoute())
        state_sync.provide(read_sync_settings)
        errors.provide_recipients(error_recipients)
        reserved_groups.offer(enrollment_groups_in_use)
        overview.offer(card)
