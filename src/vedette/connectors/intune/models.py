"""Settings and standing of a tenant's Intune connector."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from vedette.foundation.tables import TenantRow


class IntuneConnector(TenantRow):
    """One per tenant (requirements C1 to C6). Defaults are those of the source pages."""

    class State(models.TextChoices):
        NOT_SET_UP = "notSetUp"
        AVAILABLE = "available"
        ENABLED = "enabled"
        UNRESPONSIVE = "unresponsive"
        ERROR = "error"
        UNAVAILABLE = "unavailable"

    class FailMode(models.TextChoices):
        UNSAID = ""
        OPEN = "open"
        CLOSED = "closed"

    class Scope(models.TextChoices):
        INTUNE = "intune"
        REGISTERED = "registered"

    created_at = models.DateTimeField()
    saved_at = models.DateTimeField(null=True, help_text="When Connection settings were first saved")
    heartbeat_minutes = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    missed_allowed = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    android_enabled = models.BooleanField(default=False)
    ios_enabled = models.BooleanField(default=False)
    poll_minutes = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    delete_on_unenrollment = models.BooleanField(default=False)
    scope = models.TextField(choices=Scope, default=Scope.INTUNE)
    minimum_android = models.TextField(default="10")
    minimum_ios = models.TextField(default="16.0")
    seen_within_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    sync_device_status = models.BooleanField(default=True)
    sync_threat_status = models.BooleanField(default=True)
    attribute_number = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(15)]
    )
    error_emails = models.JSONField(default=list)
    state = models.TextField(choices=State, default=State.NOT_SET_UP)
    state_reason = models.TextField(blank=True, default="")
    last_heartbeat_at = models.DateTimeField(null=True, help_text="Last one that succeeded")
    heartbeat_tried_at = models.DateTimeField(null=True)
    heartbeat_missed = models.PositiveIntegerField(default=0)
    heartbeat_detail = models.JSONField(default=dict)
    next_heartbeat_at = models.DateTimeField(null=True)
    declared_minimum = models.TextField(
        blank=True,
        default="",
        help_text="Level from which the administrator says a rule blocks: low, medium, high; empty = unsaid",
    )
    fail_mode = models.TextField(
        choices=FailMode,
        blank=True,
        default=FailMode.UNSAID,
        help_text="Which kind of rule is wanted: what holds for a phone of which nothing is proven",
    )
    last_synchronised_at = models.DateTimeField(null=True)
    next_poll_at = models.DateTimeField(null=True)
    poll_running_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="intune_connector_one")]


class EnrollmentGroup(TenantRow):
    """An Entra security group whose members' devices are enrolled: kept by object ID, shown by name."""

    object_id = models.UUIDField()
    display_name = models.TextField()
    include_nested = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    added_by = models.TextField(blank=True, default="")
    missing_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "object_id"], name="enrollment_group_object")
        ]


class Reading(TenantRow):
    """What Microsoft last said of one kind of thing: permissions, rules, connectors, the application."""

    kind = models.TextField()
    next_at = models.DateTimeField(null=True, help_text="When it is read again; empty = at once")
    tried_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True, help_text="Last complete reading")
    data = models.JSONField(default=dict, help_text="What was read; kept while a later try fails")
    problem = models.JSONField(default=dict, help_text="Why the last try failed: code, message, request_id")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "kind"], name="intune_reading_kind")]
