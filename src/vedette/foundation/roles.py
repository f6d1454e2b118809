"""The four database roles (design.md 4). None is a superuser or has BYPASSRLS."""

from typing import Final

# owns database and tables; only migrations connect as it
OWNER: Final = "vedette_owner"
# the product connects as this one; alone it has no right on a tenant table, and it inherits none
LOGIN: Final = "vedette_login"
# behind one tenant's door
TENANT: Final = "vedette_tenant"
# behind the door to all tenants
SYSTEM: Final = "vedette_system"
