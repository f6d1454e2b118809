"""Subscriptions at Microsoft to changes of users and of groups."""

from django.db import models

from vedette.foundation.tables import TenantRow


class Subscription(TenantRow):
    """One kind of change that Microsoft is asked to tell of; there are rows while the switch is on."""

    resource = models.TextField(help_text="users or groups")
    remote_id = models.TextField(blank=True, default="", help_text="Microsoft's ID; empty = not made (yet)")
    secret_hash = models.TextField(
        blank=True, default="", help_text="SHA-256 of what each notification must carry"
    )
    expires_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(help_text="When it is made, renewed or deleted")
    failures = models.PositiveSmallIntegerField(default=0)
    unwanted = models.BooleanField(default=False, help_text="Switched off, and to be deleted at Microsoft")
    notified_at = models.DateTimeField(null=True)
    woken_at = models.DateTimeField(null=True, help_text="A poll is to run because of it")
    problem = models.TextField(blank=True, default="", help_text="Why the last try failed; English")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "resource"], name="subscription_one_of_a_kind")
        ]
        indexes = [
            models.Index(fields=["next_at"], name="subscription_due"),
            models.Index(fields=["remote_id"], name="subscription_remote"),
            models.Index(
                fields=["tenant_id"], condition=models.Q(woken_at__isnull=False), name="subscription_woken"
            ),
        ]
