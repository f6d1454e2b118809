"""Standing of a tenant's partner adapter and the messages it has uploaded."""

from django.db import models

from vedette.foundation.tables import TenantRow


class PartnerLink(TenantRow):
    """One per tenant: whether the adapter is on, provisioned, and when it last gave a sign of life."""

    enabled = models.BooleanField(default=False)
    provisioned_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True)
    resync_seen = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="partner_link_one")]


class PartnerUpload(TenantRow):
    """One upload of messages; accepted at once, applied later, so its status is asked for."""

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        FAILED = "failed"

    message_id = models.UUIDField(unique=True)
    deliveries = models.JSONField(default=list, help_text="[{delivery id, generation, health}]")
    status = models.TextField(choices=Status, default=Status.PENDING)
    error = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
