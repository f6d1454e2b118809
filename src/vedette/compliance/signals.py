"""What compliance tells those above it, inside the transaction that makes the change.

A receiver writes what it owes (a delivery, a notification) in the same transaction and never touches the
network. A receiver that raises undoes the whole change.
"""

from django.dispatch import Signal

states_changed = Signal()
"""`tenant_id`, `changes`: list[StateChange] with `device` loaded, in order of position."""

brake_pulled = Signal()
"""`tenant_id`, `brake`: Brake pulled just now, `held`: number of phones held by it so far."""

threats_opened = Signal()
"""`tenant_id`, `threats`: list[Threat] with `device` loaded: found for the first time, or anew."""

threats_changed = Signal()
"""`tenant_id`, `device_ids`: Collection[UUID] with threats that ended, were ignored, reopened or rated anew,
whether or not the device's state changed by it."""

devices_removed = Signal()
"""`tenant_id`, `devices`: list[Device] about to be deleted; their rows are still there."""

mode_changed = Signal()
"""`tenant_id`, `mode`: Tenant.Mode in force from now on."""

resync_requested = Signal()
"""`tenant_id`, `devices`: list[Device] whose state an administrator wants sent to Microsoft again."""
