"""The account of an organisation, its administrators, its application keys, and the operator's one-time links."""

from django.db import models

from vedette.foundation.ids import new_id
from vedette.foundation.tables import TenantRow


class Tenant(models.Model):
    """An enterprise account, bound to exactly one Entra tenant (requirements A1, A2)."""

    class Status(models.TextChoices):
        INVITED = "invited"
        CONSENTED = "consented"
        DISCONNECTING = "disconnecting"
        DISCONNECTED = "disconnected"

    class Mode(models.TextChoices):
        MONITOR = "monitor"
        ARMED = "armed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entra_tenant_id = models.UUIDField(unique=True)
    name = models.TextField()
    primary_contact = models.EmailField()
    full_group_id = models.UUIDField()
    full_group_name = models.TextField(blank=True, default="")
    restricted_group_id = models.UUIDField(null=True, blank=True)
    restricted_group_name = models.TextField(blank=True, default="")
    status = models.TextField(choices=Status, default=Status.INVITED)
    created_at = models.DateTimeField()
    consented_at = models.DateTimeField(null=True)
    consented_by = models.TextField(blank=True, default="")
    disconnected_at = models.DateTimeField(null=True)
    disconnected_by = models.TextField(blank=True, default="")
    mode = models.TextField(choices=Mode, default=Mode.MONITOR)
    armed_at = models.DateTimeField(null=True)
    language = models.TextField(default="en")
    disconnected_days = models.PositiveSmallIntegerField(default=30)
    invitation_sent_at = models.DateTimeField(null=True)
    invitation_error = models.TextField(blank=True, default="", help_text="Why the last mail did not leave")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(disconnected_days__gte=1, disconnected_days__lte=90),
                name="tenant_disconnected_days",
            )
        ]


class Administrator(TenantRow):
    """A person who has signed in to the console: keyed by tenant and object ID, never by name."""

    class Access(models.TextChoices):
        FULL = "full"
        RESTRICTED = "restricted"

    oid = models.UUIDField()
    upn = models.TextField()
    display_name = models.TextField()
    email = models.TextField(blank=True, default="")
    access = models.TextField(choices=Access)
    first_sign_in_at = models.DateTimeField()
    last_sign_in_at = models.DateTimeField()
    language = models.TextField(blank=True, default="")
    theme = models.TextField(default="system")
    notify_high = models.BooleanField(default=False)
    notify_medium = models.BooleanField(default=False)
    notify_low = models.BooleanField(default=False)
    notifications_asked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "oid"], name="administrator_oid")]


class ApplicationKey(TenantRow):
    """A key by which another program reads this tenant's data; only its hash is kept."""

    label = models.TextField()
    prefix = models.TextField(help_text="The part that may be shown")
    key_hash = models.BinaryField(unique=True)
    scopes = models.JSONField(default=list)
    addresses = models.JSONField(default=list, help_text="Networks it may call from; empty: from anywhere")
    generation = models.PositiveIntegerField(
        default=0, help_text="Counted up to make every token made with it worthless"
    )
    created_at = models.DateTimeField()
    created_by = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.TextField(blank=True, default="")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "-created_at"], name="application_key_newest")]


class AppRegistration(TenantRow):
    """A tenant's own registration at Entra: at most one in force, and one that is being prepared.

    Without one in force the installation's registration speaks for the tenant. Key and secret are sealed.
    """

    class Stage(models.TextChoices):
        DRAFT = "draft"
        IN_FORCE = "in_force"

    stage = models.TextField(choices=Stage, default=Stage.DRAFT)
    cloud = models.TextField(
        blank=True, default="", help_text="Of foundation.registration; empty: by setting"
    )
    client_id = models.UUIDField(null=True)
    profiles = models.JSONField(default=list, help_text="Keys of the consent profiles it is made for")
    kind = models.TextField(blank=True, default="", help_text="certificate, federated or secret")
    certificate = models.TextField(blank=True, default="", help_text="PEM, public")
    sealed_key = models.TextField(blank=True, default="")
    sealed_secret = models.TextField(blank=True, default="")
    secret_expires = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True)
    trial = models.JSONField(default=dict, help_text="What the last test found")
    in_force_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "stage"], name="app_registration_one_each"),
            models.CheckConstraint(
                condition=models.Q(stage="draft") | (models.Q(client_id__isnull=False) & ~models.Q(kind="")),
                name="app_registration_whole_in_force",
            ),
        ]


class OperatorLink(models.Model):
    """A one-time link to the operator's page; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
