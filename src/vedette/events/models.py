"""The event log: what happened, in one order per tenant."""

from django.db import models

from vedette.foundation.tables import TenantRow


class EventHead(models.Model):
    """Where a tenant's log stands: last position given, last hash of the audit chain."""

    tenant_id = models.UUIDField(primary_key=True, editable=False)
    position = models.BigIntegerField(default=0)
    audit_hash = models.BinaryField(default=bytes)


class Event(TenantRow):
    """One event. Rows are only ever added; an AUDIT row carries the hash of its predecessor."""

    class Type(models.TextChoices):
        DEVICE = "DEVICE"
        THREAT = "THREAT"
        AUDIT = "AUDIT"

    class Actor(models.TextChoices):
        ADMIN = "ADMIN"
        DEVICE = "DEVICE"
        OPERATOR = "OPERATOR"
        SYSTEM = "SYSTEM"

    position = models.BigIntegerField()
    type = models.TextField(choices=Type)
    change_type = models.TextField()
    action = models.TextField(help_text="Dotted name, for example policy.level_changed")
    occurred_at = models.DateTimeField()
    actor_type = models.TextField(choices=Actor)
    actor_id = models.TextField(blank=True, default="")
    actor_name = models.TextField(blank=True, default="")
    target_type = models.TextField(blank=True, default="")
    target_id = models.TextField(blank=True, default="")
    target_name = models.TextField(blank=True, default="")
    changes = models.JSONField(default=list, help_text="[{attribute, from, to}], never a secret")
    detail = models.JSONField(default=dict)
    previous_hash = models.BinaryField(null=True)
    hash = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "position"], name="event_position")]
        indexes = [
            models.Index(fields=["tenant_id", "type", "-position"], name="event_by_type"),
            models.Index(fields=["tenant_id", "id"], name="event_by_id"),
            models.Index(fields=["tenant_id", "target_id", "-position"], name="event_by_target"),
        ]
