"""Signals between connectors, sent inside the transaction that makes the change."""

from django.dispatch import Signal

# tenant_id, error: ConnectorError, recipients: list[str]; sent when an error appears, not when it repeats
error_appeared = Signal()
# tenant_id, connector: str, before: str, after: str, reason: str, recipients: list[str]
connector_state_changed = Signal()
# tenant_id, again: bool, device_ids: Sequence[UUID] | None; what is owed must be worked out anew
values_stale = Signal()
