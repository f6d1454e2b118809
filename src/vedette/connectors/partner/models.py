"""Standing of a tenant's partner adapter and the messages it has uploaded."""

from django.db import models

from vedette.foundation.tables import TenantRow


class PartnerLink(TenantRow):
    """One per tenant: whether the adapter is on, provisioned, and when it last gave a sign of life."""

    enabled = models.BooleanField(default=False)
    provisioned_at = models.DateTimeField(null=True)
    last_heartbeat_at = models.DateTimeField(null=True, help_text="Last one that succeeded")
    heartbeat_tried_at = models.DateTimeField(null=True)
    resync_pending = models.BooleanField(
        default=False, help_text="Intune asked for everything; the next upload says that it is the answer"
    )
    error = models.TextField(
        blank=True, default="", help_text="Why the last call failed; empty after a success"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="partner_link_one")]


class PartnerUpload(TenantRow):
    """One upload of messages; accepted at once, applied later, so its status is asked for."""

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        FAILED = "failed"

    message_id = models.UUIDField(unique=True)
    deliveries = models.JSONField(default=list, help_text="[{delivery id, generation, value}]")
    status = models.TextField(choices=Status, default=Status.PENDING)
    error = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-sent_at"], name="partner_upload_newest"),
            models.Index(
                fields=["tenant_id"], condition=models.Q(status="pending"), name="partner_upload_pending"
            ),
        ]
