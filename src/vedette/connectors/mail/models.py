"""Mail owed to people, one row per reference and address, so that nobody is told twice; and where it leaves from."""

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


class TenantMailbox(TenantRow):
    """The mailbox of its own that a tenant's mail is sent from; without a row the operator's way is taken."""

    class Route(models.TextChoices):
        GRAPH = "graph"
        SMTP_OAUTH = "smtp_oauth"

    route = models.TextField(choices=Route)
    address = models.TextField()
    tested_at = models.DateTimeField(null=True, help_text="When a test mail last left")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="tenant_mailbox_one")]
