"""Compliance as a Django app."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Listens to what the layers below say."""

    name = "vedette.compliance"
    label = "compliance"

    def ready(self) -> None:
        """Take a scan off its device before it is deleted."""
        from vedette.compliance import attached  # noqa: PLC0415 - models exist only once the apps are loaded
        from vedette.scans import signals  # noqa: PLC0415 - as above

        signals.deleting.connect(attached.scan_is_deleted, dispatch_uid="compliance.attached")
