"""Threats found on devices, and the security policy that rates them."""

from django.db import models

from vedette.devices.models import Device, DeviceGroup
from vedette.foundation.tables import TenantRow
from vedette.verdict.findings import AGENT


class Threat(TenantRow):
    """A threat on one device: open, resolved or ignored (by an administrator, never by the phone's user)."""

    class Status(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"
        IGNORED = "ignored"

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="threats", db_constraint=False)
    classification = models.TextField()
    family = models.TextField(blank=True, default="", help_text="Name of the malware family, where known")
    key = models.TextField(help_text="What makes it the same threat when it is reported again")
    status = models.TextField(choices=Status, default=Status.OPEN)
    risk = models.SmallIntegerField(help_text="verdict.Risk, by the policy in force")
    response = models.TextField()
    summary = models.TextField()
    mend = models.TextField(blank=True, default="")
    evidence = models.JSONField(default=list)
    detector = models.TextField()
    source = models.TextField(blank=True, default="")
    origin = models.TextField(default=AGENT, help_text="Who said what it rests on: agent or intune")
    simulated = models.BooleanField(default=False)
    detected_at = models.DateTimeField(help_text="When the phone saw it, corrected by its clock skew")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True, default="")
    ignored_at = models.DateTimeField(null=True)
    ignored_by = models.TextField(blank=True, default="")
    ignore_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "device", "classification", "key"],
                condition=~models.Q(status="resolved"),
                name="threat_one_unresolved",
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "status", "-created_at"], name="threat_by_status"),
            models.Index(fields=["tenant_id", "device", "status"], name="threat_of_device"),
            models.Index(
                fields=["tenant_id", "classification"],
                condition=models.Q(status="open"),
                name="threat_open_class",
            ),
        ]


class PolicyLevel(TenantRow):
    """Risk level and response of one classification in one device group; inheritance already resolved."""

    group = models.ForeignKey(DeviceGroup, on_delete=models.CASCADE, db_constraint=False)
    classification = models.TextField()
    risk = models.SmallIntegerField()
    response = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "group", "classification"], name="policy_level_one")
        ]


class PolicyParameters(TenantRow):
    """What detectors need from the policy: the oldest versions that count as up to date."""

    group = models.ForeignKey(DeviceGroup, on_delete=models.CASCADE, db_constraint=False)
    minimum_android = models.TextField(default="13")
    minimum_ios = models.TextField(default="17.0")
    patch_age_days = models.PositiveSmallIntegerField(default=180)
    minimum_agent = models.TextField(blank=True, default="", help_text="Empty: any version")
    may_stay_unknown = models.JSONField(
        default=list, help_text="Rules whose missing answer the organisation accepts"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "group"], name="policy_parameters_one")]


class PolicyWish(TenantRow):
    """A change of levels that is too large to wait for: asked for, applied by a job (compliance.policy_wish)."""

    class Outcome(models.TextChoices):
        APPLIED = "applied"
        FAILED = "failed"

    group = models.ForeignKey(DeviceGroup, on_delete=models.CASCADE, db_constraint=False)
    levels = models.JSONField(help_text="{classification: [risk, response]}")
    threats = models.PositiveIntegerField(
        help_text="Unresolved threats to be re-rated, when it was asked for"
    )
    done = models.PositiveIntegerField(default=0, help_text="Of these, re-rated in the run that is under way")
    asked_at = models.DateTimeField()
    asked_by_type = models.TextField(default="ADMIN", help_text="As events.Event.Actor")
    asked_by_id = models.TextField(blank=True, default="")
    asked_by = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)
    outcome = models.TextField(choices=Outcome, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "group"],
                condition=models.Q(finished_at__isnull=True),
                name="policy_wish_one_open",
            )
        ]


class AppEntry(TenantRow):
    """An application that the organisation allows or denies, by package, signer or file."""

    class Action(models.TextChoices):
        ALLOW = "allow"
        DENY = "deny"

    class Subject(models.TextChoices):
        PACKAGE = "package"
        SIGNER = "signer"
        SHA256 = "sha256"

    action = models.TextField(choices=Action)
    subject = models.TextField(choices=Subject)
    value = models.TextField()
    note = models.TextField(blank=True, default="")
    created_by = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "subject", "value"], name="app_entry_one")
        ]


class CapabilityRule(TenantRow):
    """What an application of this organisation's phones must not be able to do."""

    name = models.TextField()
    all_of = models.JSONField(default=list)
    none_of = models.JSONField(default=list)
    only_side_loaded = models.BooleanField(default=False)
    created_by = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="capability_rule_name")]
