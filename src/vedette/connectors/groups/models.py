"""Settings of the two ways by group, and who Entra says is in the groups."""

from django.db import models

from vedette.foundation.tables import TenantRow


class GroupRoute(TenantRow):
    """One way of a tenant: whether it is on, and when its groups were last looked at."""

    route = models.TextField(help_text="One of ways.WAYS")
    enabled = models.BooleanField(default=False)
    enabled_at = models.DateTimeField(null=True)
    spare_administrators = models.BooleanField(
        default=True, help_text="Way user_group: people with access to this console are never put in"
    )
    looked_at = models.DateTimeField(null=True, help_text="Last complete look at the members in Entra")
    next_look_at = models.DateTimeField(null=True)
    looking_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "route"], name="group_route_one")]


class RiskGroup(TenantRow):
    """An Entra group that the product keeps: members are the phones (or people) at these levels."""

    route = models.TextField(help_text="One of ways.WAYS")
    object_id = models.UUIDField()
    display_name = models.TextField()
    levels = models.JSONField(default=list, help_text="Device states; no two groups of a way share one")
    added_at = models.DateTimeField()
    added_by = models.TextField(blank=True, default="")
    missing_since = models.DateTimeField(null=True, help_text="Since when Entra no longer has it")
    refused = models.TextField(
        blank=True, default="", help_text="Code: why Entra would refuse members by now; see eligibility.py"
    )
    foreign = models.PositiveIntegerField(default=0, help_text="Members that another hand put in")
    put_back = models.PositiveIntegerField(default=0, help_text="Members that the last look put back")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "object_id"], name="risk_group_object")]


class ListedMember(TenantRow):
    """A member of a risk group as Entra listed it at the last look."""

    group_id = models.UUIDField(help_text="RiskGroup.object_id")
    member_id = models.UUIDField(help_text="Object ID of a device or person")
    name = models.TextField(blank=True, default="")
    foreign = models.BooleanField(default=False, help_text="Put in by another hand")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "group_id", "member_id"], name="listed_member_one")
        ]
        indexes = [models.Index(fields=["tenant_id", "member_id"], name="listed_member_of")]
