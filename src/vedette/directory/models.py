"""The directory as Entra and Intune last said it. Written by the poll; never the product's own opinion."""

from django.db import models

from vedette.foundation.tables import TenantRow


class DirectoryPass(TenantRow):
    """One reading of the directory. Only a complete pass may take anybody out (design.md 2, rule 7)."""

    class Kind(models.TextChoices):
        """A full pass reads every member and device; a pass by deltas only what changed since the last."""

        FULL = "full"
        CHANGES = "changes"

    kind = models.TextField(choices=Kind, default=Kind.FULL)
    why_full = models.TextField(blank=True, default="", help_text="Code: why changes alone did not do")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    complete = models.BooleanField(default=False)
    users = models.PositiveIntegerField(default=0)
    devices = models.PositiveIntegerField(default=0)
    error_code = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-started_at"], name="pass_newest")]


class DirectoryUser(TenantRow):
    """A person in an enrollment group."""

    oid = models.UUIDField()
    upn = models.TextField()
    display_name = models.TextField(blank=True, default="")
    mail = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)
    last_pass = models.ForeignKey(DirectoryPass, null=True, on_delete=models.SET_NULL, db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "oid"], name="directory_user_oid")]


class DirectoryDevice(TenantRow):
    """A device of such a person, supported or not; joined with Intune's record where there is one."""

    object_id = models.UUIDField(help_text="Graph device.id")
    entra_device_id = models.UUIDField(help_text="Graph device.deviceId, Intune azureADDeviceId")
    display_name = models.TextField(blank=True, default="")
    operating_system = models.TextField(blank=True, default="")
    os_version = models.TextField(blank=True, default="")
    manufacturer = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    trust_type = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)
    managed = models.BooleanField(null=True)
    compliant = models.BooleanField(null=True)
    owner_oid = models.UUIDField(null=True)
    last_sign_in_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    extension_attributes = models.JSONField(default=dict)
    managed_device_id = models.TextField(blank=True, default="")
    serial_number = models.TextField(
        blank=True, default="", help_text="From Intune: tells a wiped phone from a second one"
    )
    compliance_state = models.TextField(blank=True, default="")
    reported_health = models.TextField(blank=True, default="")
    managed_facts = models.JSONField(
        default=dict, help_text="vedette_facts.ManagedFacts; empty: not in Intune"
    )
    managed_synced_at = models.DateTimeField(null=True, help_text="When it last synchronised with Intune")
    unsupported_reason = models.TextField(blank=True, default="", help_text="Code; empty when supported")
    last_pass = models.ForeignKey(DirectoryPass, null=True, on_delete=models.SET_NULL, db_constraint=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "object_id"], name="directory_device_object")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "entra_device_id"], name="directory_device_entra"),
            models.Index(fields=["tenant_id", "owner_oid"], name="directory_device_owner"),
        ]


class DeltaLink(TenantRow):
    """Where Graph goes on telling what changed. The link is no secret: only our own token opens it."""

    kind = models.TextField(help_text="groups, users or devices")
    link = models.TextField(help_text="Opaque; given back to Graph to the letter")
    scope = models.TextField(help_text="Digest of groups and limits that the last full pass went by")
    groups = models.JSONField(default=list, help_text="Kind groups: enrollment groups and those inside them")
    full_at = models.DateTimeField(help_text="When the full pass began that the changes build on")
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "kind"], name="delta_link_kind")]


class StagedRow(TenantRow):
    """What a full pass has read and still has to join with what it reads later; gone when the pass is."""

    class Kind(models.TextChoices):
        """Intune's record of a device (key: Entra deviceId), or a device that is a member (key: object ID)."""

        MANAGED = "managed"
        MEMBER = "member"

    reading = models.ForeignKey(DirectoryPass, on_delete=models.CASCADE, db_constraint=False)
    kind = models.TextField(choices=Kind)
    key = models.UUIDField()
    body = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "kind", "key"], name="staged_row_key")]
