"""What happens to an account, sent INSIDE the writing transaction and the tenant's writer door.

Layers above listen: policy, connector settings and the like get their rows in the same transaction.
`tenant_created`, `tenant_consented` and `registration_changed` (another registration or credential speaks for it
from now on) carry `tenant` (a Tenant).
"""

from django.dispatch import Signal

tenant_created = Signal()
tenant_consented = Signal()
registration_changed = Signal()
