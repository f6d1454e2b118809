"""What every tenant table shares: a UUID v7 key, the tenant's column, composite foreign keys.

Relations are declared twice on purpose. Django's ``ForeignKey(db_constraint=False)`` gives the ORM its
joins; the constraint in the database is *composite* over ``(tenant_id, column)``, because a plain one
accepts another tenant's row (design.md 4).
"""

from django.db import migrations, models

from vedette.foundation.ids import new_id


class TenantRow(models.Model):
    """A row that belongs to one tenant and is visible only through that tenant's door."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant_id = models.UUIDField(editable=False)

    class Meta:
        abstract = True


def own_key(table: str) -> migrations.RunSQL:
    """Make ``(tenant_id, id)`` of TABLE referable by composite foreign keys."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_own UNIQUE (tenant_id, id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_own",
    )


def belongs_to_tenant(table: str) -> migrations.RunSQL:
    """Tie TABLE's rows to their tenant; they go when the tenant goes."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant FOREIGN KEY (tenant_id) "
        "REFERENCES tenants_tenant (id) ON DELETE CASCADE",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_tenant",
    )


def composite_key(table: str, column: str, target: str, *, on_delete: str = "CASCADE") -> migrations.RunSQL:
    """Let ``(tenant_id, COLUMN)`` of TABLE refer to ``(tenant_id, id)`` of TARGET.

    ``on_delete`` is CASCADE, or ``SET NULL (column)`` for an optional relation.
    """
    name = f"{table}_{column}_own"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column}) "
        f"REFERENCES {target} (tenant_id, id) ON DELETE {on_delete}",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
