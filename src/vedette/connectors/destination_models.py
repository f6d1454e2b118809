"""Systems that the tenant's events are told to, how far each has been told, and what could not be told."""

from django.db import models

from vedette.foundation.tables import TenantRow


class Destination(TenantRow):
    """A system that events are told to, and how far it has been told (ADR 19).

    `position` is the place in the tenant's event log up to which everything is settled: told, kept as a dead letter, or
    left out by the filter. Claimed by an UPDATE that sets a lease; a result that comes after its lease changes nothing.
    """

    kind = models.TextField(help_text="webhook, syslog, splunk, elastic or sentinel")
    name = models.TextField()
    enabled = models.BooleanField(default=True)
    settings = models.JSONField(default=dict, help_text="What its kind asks for, without secrets")
    sealed = models.TextField(blank=True, default="", help_text="Its secrets: a sealed JSON object of texts")
    types = models.JSONField(default=list, help_text="Types of events that are told: DEVICE, THREAT, AUDIT")
    level = models.PositiveSmallIntegerField(
        default=0, help_text="Least risk of threats and phones that are told"
    )
    groups = models.JSONField(default=list, help_text="IDs of device groups; empty means all phones")
    position = models.BigIntegerField()
    due_at = models.DateTimeField(help_text="Nothing is sent before: the pause after a failure")
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row; 0 while all is well")
    failing_since = models.DateTimeField(null=True)
    error_code = models.TextField(
        blank=True, default="", help_text="Of the last failure, kept when it is past"
    )
    error = models.TextField(blank=True, default="")
    failed_at = models.DateTimeField(null=True)
    delivered = models.BigIntegerField(default=0, help_text="Events told since it was made")
    delivered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.TextField(blank=True, default="")

    class Meta:
        app_label = "connectors"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="destination_name")]


class DeadLetter(TenantRow):
    """An event that a destination refused for good: it waits until somebody sends it again or lets it go.

    Kept by its place in the log, so that sending again says what the event says, in the destination's present format.
    """

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="dead_letters", db_constraint=False
    )
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    type = models.TextField()
    action = models.TextField()
    occurred_at = models.DateTimeField()
    code = models.TextField(help_text="Why it was refused")
    error = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=1)
    failed_at = models.DateTimeField()
    replay = models.BooleanField(default=False, help_text="To be sent again")

    class Meta:
        app_label = "connectors"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "destination", "position"], name="dead_letter_one_per_event"
            )
        ]
