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
    told = models.TextField(
        default="",
        help_text="What other systems are told: the state, unless a release or the brake says another",
    )
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
    told = models.TextField(default="", help_text="What other systems are told from now on")
    needs_it = models.BooleanField(default=False)
    cause = models.TextField(
        help_text="report, management, intelligence, policy, sweep, enroll, lifecycle, administrator, release, …"
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


class Release(TenantRow):
    """A phone let in for some hours in spite of its state (requirement H): told as secured until it ends."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="releases", db_constraint=False)
    reason = models.TextField()
    state = models.TextField(help_text="State of the phone when it was let in")
    granted_at = models.DateTimeField()
    granted_by = models.TextField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True, default="")
    ended_because = models.TextField(blank=True, default="", help_text="expired, by_hand, recovered or left")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device"], condition=models.Q(ended_at=None), name="release_one_running"
            )
        ]
        indexes = [
            models.Index(fields=["until"], condition=models.Q(ended_at=None), name="release_running"),
        ]


class Simulation(TenantRow):
    """A test threat: a threat that nothing stands behind, ended by a click or by itself (requirement H)."""

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="simulations", db_constraint=False
    )
    threat_id = models.UUIDField()
    started_at = models.DateTimeField()
    started_by = models.TextField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device"],
                condition=models.Q(ended_at=None),
                name="simulation_one_running",
            )
        ]
        indexes = [
            models.Index(fields=["ends_at"], condition=models.Q(ended_at=None), name="simulation_running"),
        ]


class Brake(TenantRow):
    """The brake, pulled for one cause: its further blocks are held until somebody decides (requirement H)."""

    class Outcome(models.TextChoices):
        NONE = ""
        RELEASED = "released"
        REVERTED = "reverted"
        OVER = "over"

    key = models.TextField(help_text="Kind and reference of the cause, e.g. policy:<event>")
    kind = models.TextField(help_text="feed, detectors, parameters, day, policy or sweep")
    detail = models.JSONField(default=dict)
    limit = models.PositiveIntegerField(help_text="How many phones the cause may block within an hour")
    pulled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True, default="")
    outcome = models.TextField(choices=Outcome, blank=True, default=Outcome.NONE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "key"], condition=models.Q(ended_at=None), name="brake_one_pulled"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "key", "-pulled_at"], name="brake_of_cause")]


class NewBlock(TenantRow):
    """A phone told worse than before by a cause that the brake watches: sent, or held back."""

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="new_blocks", db_constraint=False
    )
    key = models.TextField(help_text="Brake.key")
    at = models.DateTimeField()
    held = models.BooleanField(default=False)
    told = models.TextField(blank=True, default="", help_text="What is told as long as it is held")
    ended_at = models.DateTimeField(null=True, help_text="When it was no longer held")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device"],
                condition=models.Q(held=True, ended_at=None),
                name="new_block_one_held",
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "key", "-at"], name="new_block_of_cause")]


class WebEncounter(TenantRow):
    """A page or server that a phone was kept from, or warned of; nothing is kept of what is clean or allowed."""

    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, related_name="web_encounters", db_constraint=False
    )
    subject = models.TextField(help_text="Host; the whole address only where the organisation wants it kept")
    outcome = models.TextField(help_text="blocked or suspicious")
    classification = models.TextField()
    evidence = models.JSONField(default=list)
    way = models.TextField(help_text="How it was met last: doh, dot, link, text, qr or report")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    threat_id = models.UUIDField(null=True)
    open_until = models.DateTimeField(null=True, help_text="When its threat ends by itself; null: it has")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device", "subject", "classification"], name="web_encounter_one"
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-last_at"], name="web_encounter_newest"),
            models.Index(
                fields=["open_until"],
                condition=models.Q(open_until__isnull=False),
                name="web_encounter_open",
            ),
        ]
