"""Mail owed to people: one row per reference and address, so that nobody is told twice."""

from django.db import models

from vedette.foundation.tables import TenantRow


class Notification(TenantRow):
    """One mail to one address about one thing (threats, a connector error, a change of connector state)."""

    class Status(models.TextChoices):
        DUE = "due"
        LEASED = "leased"
        SENT = "sent"
        FAILED = "failed"

    kind = models.TextField(help_text="threat, threats, error, state or brake")
    reference = models.TextField(help_text="What it is about: makes the mail unique per address")
    address = models.TextField()
    language = models.TextField(default="en")
    context = models.JSONField(default=dict)
    status = models.TextField(choices=Status, default=Status.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "kind", "reference", "address"], name="notification_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(status__in=["due", "leased"]), name="notification_queue"
            )
        ]
