"""What is to be told to other systems about each device, and what went wrong while telling it."""

from typing import Final

from django.db import models

from vedette.connectors.destination_models import (  # noqa: F401 - Django looks for an app's models here
    DeadLetter,
    Destination,
)
from vedette.devices.models import Device
from vedette.foundation.tables import TenantRow

ACTS: Final = ("sync", "notify", "revoke")
"""Routes that do something and leave no value behind. They wait for their turn, so waiting is no trouble."""


class Delivery(TenantRow):
    """The newest value owed to one route for one device; a newer state overwrites an unsent one.

    Claimed by an UPDATE that sets a lease; the network call happens after that commit, the result is
    written in a second transaction (design.md 2, rule 3).
    """

    class Status(models.TextChoices):
        DUE = "due"
        LEASED = "leased"
        SENT = "sent"
        CONFIRMED = "confirmed"
        FAILED = "failed"
        FOREIGN = "foreign"
        DROPPED = "dropped"

    route = models.TextField(
        help_text="attribute, partner, device_group, user_group; acts: sync, notify, revoke"
    )
    device = models.ForeignKey(
        Device, null=True, on_delete=models.SET_NULL, related_name="deliveries", db_constraint=False
    )
    # Kept beside the relation: a deleted device's value must still be withdrawn.
    entra_object_id = models.UUIDField(null=True)
    entra_device_id = models.UUIDField(null=True)
    owner_oid = models.UUIDField(null=True)
    desired = models.TextField(blank=True, default="", help_text="Value owed; empty means withdrawn")
    sent = models.TextField(null=True, help_text="Value that last arrived; null before the first")  # noqa: DJ001 - null is 'never sent', empty is 'withdrawn'
    place = models.TextField(
        blank=True, default="", help_text="Where `sent` stands, e.g. extensionAttribute1"
    )
    before = models.TextField(blank=True, default="", help_text="Value found at Microsoft before the push")
    status = models.TextField(choices=Status, default=Status.DUE)
    generation = models.PositiveBigIntegerField(
        default=1, help_text="Rises with desired; a late result loses"
    )
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    request_id = models.TextField(blank=True, default="")
    state_change_id = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    read_back_at = models.DateTimeField(null=True, help_text="When `sent` was last found there by reading")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "route", "device"], name="delivery_one_per_device")
        ]
        indexes = [
            models.Index(
                fields=["route", "tenant_id", "due_at"],
                condition=models.Q(status__in=["due", "leased"]),
                name="delivery_queue",
            ),
            models.Index(fields=["tenant_id", "route", "entra_object_id"], name="delivery_of_entra_object"),
        ]


class Push(TenantRow):
    """One telling of another system about one device: what stood there, what was to stand there, what came of it.

    Written when a delivery settles and kept for `VEDETTE_PUSH_DAYS`. No foreign keys: the history outlives the
    device, and settling never waits for somebody who deletes one.
    """

    route = models.TextField(help_text="As Delivery.route")
    delivery_id = models.UUIDField()
    generation = models.PositiveBigIntegerField(help_text="Of the delivery, when it was claimed")
    device_id = models.UUIDField(null=True)
    entra_object_id = models.UUIDField(null=True)
    owner_oid = models.UUIDField(null=True)
    place = models.TextField(blank=True, default="", help_text="As Delivery.place")
    before = models.TextField(blank=True, default="", help_text="Found there, or else told last")
    after = models.TextField(blank=True, default="", help_text="To stand there; empty means withdrawn")
    outcome = models.TextField(
        choices=Delivery.Status, help_text="due: it did not arrive and is tried again by itself"
    )
    requested_at = models.DateTimeField()
    tried_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, help_text="When it arrived")
    confirmed_at = models.DateTimeField(null=True)
    request_id = models.TextField(blank=True, default="")
    state_change_id = models.UUIDField(null=True)
    cause = models.TextField(blank=True, default="", help_text="Cause of the state change; empty for others")
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "device_id", "-tried_at"], name="push_of_device"),
            models.Index(fields=["tenant_id", "route", "-tried_at"], name="push_of_route"),
            models.Index(fields=["tenant_id", "-tried_at"], name="push_newest"),
            models.Index(fields=["delivery_id", "generation"], name="push_of_delivery"),
        ]


class Arrival(TenantRow):
    """Devices whose value became another, until that was told (`arrival.tell`); written when deliveries settle."""

    route = models.TextField(help_text="As Delivery.route")
    device_ids = models.JSONField(help_text="List of the devices' IDs")
    at = models.DateTimeField()


class SparedPerson(TenantRow):
    """Somebody who is never acted on as a person: an emergency (break-glass) account, for example."""

    oid = models.UUIDField()
    upn = models.TextField()
    display_name = models.TextField(blank=True, default="")
    added_at = models.DateTimeField()
    added_by = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "oid"], name="spared_person_oid")]


class ConnectorError(TenantRow):
    """An error of a connector: listed with code, first and last time, count and next step (C5)."""

    connector = models.TextField()
    source = models.TextField(help_text="Part of the connector: heartbeat, poll, or the route's name")
    code = models.TextField()
    message = models.TextField(help_text="English; translated when shown")
    explanation = models.TextField(blank=True, default="")
    next_step = models.TextField(blank=True, default="")
    words = models.JSONField(default=dict, help_text="Filled into the message once it is translated")
    detail = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    since = models.DateTimeField(help_text="Start of the present run: after a success it begins anew")
    last_seen_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True, help_text="When what failed succeeded again")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.TextField(blank=True, default="")
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "connector", "source", "code"], name="connector_error_one"
            )
        ]
