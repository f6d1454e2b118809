"""The directory as Entra and Intune last said it. Written by the poll; never the product's own opinion."""

from django.db import models

from vedette.foundation.tables import TenantRow


class DirectoryPass(TenantRow):
    """One reading of the directory. Only a complete pass may take anybody out (design.md 2, rule 7)."""

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
