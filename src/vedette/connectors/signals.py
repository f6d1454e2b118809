"""Signals between connectors, sent inside the transaction that makes the change."""

from django.dispatch import Signal

error_appeared = Signal()
"""`tenant_id`, `error`: ConnectorError; sent when people are to be told of it, not each time it repeats."""

connector_state_changed = Signal()
"""`tenant_id`, `connector`: str, `before`, `after`: states (C6), `reason`: its code, `message` and
`next_step`: English texts, empty where there is nothing to add."""

values_arrived = Signal()
"""`tenant_id`, `route`: str, `device_ids`: list[UUID] whose value at Microsoft is another than before; sent inside
the tenant's door, after the writes and in a transaction of its own; told again when that one is lost."""

directory_changed = Signal()
"""`tenant_id`; Microsoft says that people or groups changed: sent inside the tenant's door. A receiver returns
whether it has seen to it that the directory is read from now on; if not, it is asked again."""

values_stale = Signal()
"""`tenant_id`, `again`: bool, `device_ids`: Sequence[UUID] | None; what is owed must be worked out anew."""
