"""Devices of a tenant, how they prove themselves, and the inbox of their reports."""

from django.db import models

from vedette.foundation.tables import TenantRow
from vedette.scans.models import Scan

REPORT_CHANNEL = "vedette_report"
"""PostgreSQL notifies here once for each batch of reports that came in."""


class DeviceGroup(TenantRow):
    """A set of devices under one security policy. Every tenant has a Default group."""

    name = models.TextField()
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "name"], name="device_group_name"),
            models.UniqueConstraint(
                fields=["tenant_id"], condition=models.Q(is_default=True), name="device_group_one_default"
            ),
        ]


class Device(TenantRow):
    """A phone or tablet. Three axes: activation, protection, and (in compliance) security status."""

    class Platform(models.TextChoices):
        ANDROID = "ANDROID", "Android"
        IOS = "IOS", "iOS"

    class Activation(models.TextChoices):
        PENDING = "PENDING"
        ACTIVATED = "ACTIVATED"
        DEACTIVATED = "DEACTIVATED"

    class Binding(models.TextChoices):
        NONE = ""
        ASSERTED = "asserted"
        CODE = "code"
        SIGN_IN = "sign_in"
        MDM = "mdm"
        SIGN_IN_DEVICE = "sign_in_device"
        ATTESTED = "attested"

    group = models.ForeignKey(DeviceGroup, on_delete=models.PROTECT, db_constraint=False)
    platform = models.TextField(choices=Platform)
    display_name = models.TextField(blank=True, default="")
    manufacturer = models.TextField(blank=True, default="")
    model = models.TextField(blank=True, default="")
    os_version = models.TextField(blank=True, default="")
    security_patch = models.DateField(null=True)
    entra_object_id = models.UUIDField(null=True)
    entra_device_id = models.UUIDField(null=True)
    serial_number = models.TextField(blank=True, default="", help_text="From Intune, never from the phone")
    owner_oid = models.UUIDField(null=True)
    owner_upn = models.TextField(blank=True, default="")
    owner_name = models.TextField(blank=True, default="")
    owner_email = models.TextField(blank=True, default="")
    activation_status = models.TextField(choices=Activation, default=Activation.PENDING)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    deactivated_at = models.DateTimeField(null=True)
    deactivation_reason = models.TextField(blank=True, default="")
    last_seen_at = models.DateTimeField(null=True)
    disconnected_after = models.DateTimeField(
        null=True, help_text="Stored at each check-in: the sweep is one query"
    )
    disconnected_at = models.DateTimeField(null=True)
    binding = models.TextField(choices=Binding, blank=True, default=Binding.NONE)
    agent_version = models.TextField(blank=True, default="")
    facts = models.JSONField(null=True)
    facts_digest = models.TextField(blank=True, default="")
    facts_observed_at = models.DateTimeField(null=True)
    facts_dropped = models.JSONField(
        null=True, help_text="Rules whose facts were dropped once judged, and whether each lacked its answer"
    )
    managed_facts = models.JSONField(null=True, help_text="vedette_facts.ManagedFacts, as Intune said last")
    managed_at = models.DateTimeField(null=True, help_text="When the phone last synchronised with Intune")
    managed_apps = models.JSONField(null=True, help_text="vedette_facts.Inventory, as Intune said last")
    managed_apps_at = models.DateTimeField(null=True, help_text="When that inventory was read")
    managed_changed_at = models.DateTimeField(null=True, help_text="When what Intune says last changed")
    judged_with = models.TextField(
        blank=True, default="", help_text="Indicators, detectors and parameters behind the verdict in force"
    )

    whole_judged_with = models.TextField(
        blank=True,
        default="",
        help_text="Behind the last verdict on whole facts; empty where that is judged_with",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "entra_object_id"],
                condition=~models.Q(activation_status="DEACTIVATED"),
                name="device_one_live_per_entra_object",
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "disconnected_after"],
                condition=models.Q(activation_status="ACTIVATED", disconnected_at__isnull=True),
                name="device_sweep",
            ),
            models.Index(  # of all tenants: which of them have overdue devices
                fields=["disconnected_after"],
                condition=models.Q(activation_status="ACTIVATED", disconnected_at__isnull=True),
                name="device_sweep_all",
            ),
            models.Index(fields=["tenant_id", "owner_oid"], name="device_owner"),
            models.Index(fields=["tenant_id", "activation_status"], name="device_activation"),
            models.Index(
                fields=["tenant_id", "group", "judged_with"],
                condition=models.Q(activation_status__in=["ACTIVATED", "PENDING"])
                & (models.Q(facts__isnull=False) | ~models.Q(judged_with="")),
                name="device_judged",
            ),
        ]


class DeviceScan(TenantRow):
    """An analyst's scan that counts for a device until it expires; facts and findings stay with the scan."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="scans", db_constraint=False)
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, db_constraint=False)
    collected_at = models.DateTimeField(help_text="When the phone was like that")
    expires_at = models.DateTimeField()
    attached_at = models.DateTimeField()
    attached_by = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "scan"], name="device_scan_once")]
        indexes = [models.Index(fields=["tenant_id", "device", "expires_at"], name="device_scan_live")]


class DeviceKey(TenantRow):
    """The public half of a key made on the device. Enrolling again makes a new one and retires the old."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="keys", db_constraint=False)
    key_id = models.TextField(unique=True, help_text="RFC 7638 thumbprint")
    public_jwk = models.JSONField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    last_sequence = models.BigIntegerField(default=0)
    last_fingerprint = models.BinaryField(default=bytes, help_text="Of the report with that number")
    last_digest = models.TextField(
        blank=True, default="", help_text="Digest that 'unchanged' may refer to; empty asks for whole facts"
    )
    skew_seconds = models.FloatField(default=0, help_text="Our time less the phone's, at its last check-in")

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "device"], name="device_key_of_device")]


class Invitation(TenantRow):
    """A one-time activation code sent by e-mail; only its hash is kept."""

    device = models.ForeignKey(Device, null=True, on_delete=models.CASCADE, db_constraint=False)
    owner_oid = models.UUIDField(null=True)
    owner_upn = models.TextField(blank=True, default="")
    email = models.TextField()
    language = models.TextField(default="en")
    code_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    created_by = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    send_error = models.TextField(blank=True, default="")
    batch_id = models.UUIDField(null=True, help_text="The sending it belongs to, whose progress is shown")
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by_key = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="invitation_newest"),
            models.Index(fields=["tenant_id", "batch_id"], name="invitation_batch"),
        ]


class EnrollmentPolicy(TenantRow):
    """By which ways phones of a tenant may be activated (D2), and the code that its app configuration carries."""

    by_code = models.BooleanField(default=True)
    by_configuration = models.BooleanField(default=False)
    by_sign_in = models.BooleanField(default=False)
    device_claim_needed = models.BooleanField(
        default=False, help_text="A sign-in counts only where Entra says from which registered device it came"
    )
    code_hash = models.BinaryField(null=True, unique=True)
    sealed_code = models.TextField(blank=True, default="")
    code_made_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="enrollment_policy_one")]


class PrivacyPolicy(TenantRow):
    """What is kept of phones' applications, by whom they belong to, and whether networks are named."""

    company = models.TextField(default="kept")
    personal = models.TextField(default="matched")
    unknown = models.TextField(default="matched", help_text="Phones of which nobody knows whose they are")
    network_names = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id"], name="privacy_policy_one"),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{owner}__in": ["kept", "matched", "none"]}),
                    name=f"privacy_policy_{owner}",
                )
                for owner in ("company", "personal", "unknown")
            ),
        ]


class WaitingIdentity(TenantRow):
    """An app opened before its user was in a group: it keeps its key until it can be activated (D3).

    It came with an invitation's code, or by app configuration or a sign-in of `owner_oid`.
    """

    class Way(models.TextChoices):
        CODE = "code"
        CONFIGURATION = "configuration"
        SIGN_IN = "sign_in"

    key_id = models.TextField(unique=True)
    public_jwk = models.JSONField()
    way = models.TextField(choices=Way, default=Way.CODE)
    invitation = models.ForeignKey(Invitation, null=True, on_delete=models.CASCADE, db_constraint=False)
    owner_oid = models.UUIDField(null=True)
    owner_upn = models.TextField(blank=True, default="")
    reason = models.TextField()
    claim = models.JSONField(help_text="What the app said of its device at enrolment")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()


class Report(TenantRow):
    """A signed check-in that carried facts, kept until it is assessed and for the history after."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, db_constraint=False)
    key_id = models.TextField()
    sequence = models.BigIntegerField()
    body_hash = models.BinaryField()
    received_at = models.DateTimeField()
    observed_at = models.DateTimeField(help_text="Corrected by the skew, never in the future")
    device_observed_at = models.DateTimeField(help_text="As the phone's clock said")
    skew_seconds = models.FloatField(default=0)
    digest = models.TextField()
    facts = models.JSONField(null=True, help_text="Null when the report said: unchanged")
    assessed_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "key_id", "sequence"], name="report_sequence")
        ]
        indexes = [
            models.Index(
                fields=["tenant_id", "received_at"],
                condition=models.Q(assessed_at__isnull=True),
                name="report_inbox",
            ),
            models.Index(fields=["tenant_id", "device", "-received_at"], name="report_of_device"),
        ]


class ResolverAddress(TenantRow):
    """A phone's own address at the resolver. What names it is known to the phone; here is only its hash."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, db_constraint=False)
    token_hash = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    made_by = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField(null=True, help_text="When it was last used, to the hour")
    paused_until = models.DateTimeField(null=True, help_text="Nothing is judged or blocked until then")
    paused_by = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "device"], name="resolver_address_one_per_device")
        ]


class ResolverSettings(TenantRow):
    """How a tenant's resolver answers. One row; without one the defaults stand."""

    sinkhole = models.BooleanField(
        default=True, help_text="Blocked names lead to the block page; else there is no such name"
    )
    fail_closed = models.BooleanField(
        default=False, help_text="A name that cannot be judged is an error; else it is answered"
    )
    dot_name = models.TextField(
        blank=True, default="", help_text="Name under which phones ask over TLS; empty: the installation's"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="resolver_settings_one")]
