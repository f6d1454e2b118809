"""Device state as decided, and every change of it."""

from django.db import models

from vedette.devices.models import Device
from vedette.foundation.tables import TenantRow


class DeviceState(models.Model):
    """The state in force for one device, with the reasons it has (verdict.DeviceState)."""

    device = models.OneToOneField(
        Device, primary_key=True, on_delete=models.CASCADE, related_name="state_row", db_constraint=False
    )
    tenant_id = models.UUIDField(editable=False)
    state = models.TextField()
    risk = models.SmallIntegerField(default=0)
    needs_it = models.BooleanField(default=False)
    since = models.DateTimeField()
    assessed_at = models.DateTimeField(null=True)
    reasons = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "state"], name="device_state_by_state")]


class StateChange(TenantRow):
    """A change of state, written in the transaction that makes it (design.md 2, rule 3)."""

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="state_changes", db_constraint=False
    )
    position = models.BigIntegerField(help_text="Position of its event in the tenant's log")
    from_state = models.TextField(blank=True, default="")
    to_state = models.TextField()
    needs_it = models.BooleanField(default=False)
    cause = models.TextField(
        help_text="report, intelligence, policy, sweep, enroll, lifecycle or administrator"
    )
    detail = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    report_id = models.UUIDField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "device", "-position"], name="state_change_of_device")]


class DetectorFailure(TenantRow):
    """A blind spot: a detector that crashed, or a rule that had no answer. Never taken for clean.

    All unanswered rules are kept; which of them count is decided by the policy in force (verdict.unanswered),
    so `classification` says what the rule looks for (`*`: anything).
    """

    class Kind(models.TextChoices):
        FAILED = "failed"
        UNANSWERED = "unanswered"

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="blind_spots", db_constraint=False
    )
    kind = models.TextField(choices=Kind, default=Kind.FAILED)
    detector = models.TextField(help_text="Name of the detector, or of the rule")
    classification = models.TextField(blank=True, default="")
    message = models.TextField()
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device", "kind", "detector", "classification"],
                name="detector_failure_one",
            )
        ]
