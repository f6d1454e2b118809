"""Threat feeds of the installation, shared by all tenants and written by none; and an organisation's own lists."""

from django.db import models

from vedette.foundation.ids import new_id
from vedette.foundation.tables import TenantRow


class Feed(models.Model):
    """A source of indicators."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField(unique=True)
    format = models.TextField()
    licence = models.TextField(blank=True, default="")
    address = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()


class FeedSource(models.Model):
    """Where a feed is fetched from, how often, and how that went the last time."""

    feed = models.OneToOneField(Feed, on_delete=models.CASCADE, primary_key=True, related_name="source")
    address = models.TextField()
    format = models.TextField(blank=True, default="", help_text="Empty: recognised")
    untyped = models.TextField(blank=True, default="")
    confidence = models.PositiveSmallIntegerField(null=True)
    valid_days = models.PositiveIntegerField(
        null=True, help_text="For indicators without an end of their own"
    )
    digest_address = models.TextField(
        blank=True, default="", help_text="Where the feed's SHA-256 is published"
    )
    every_hours = models.PositiveIntegerField(default=24)
    enabled = models.BooleanField(default=True)
    etag = models.TextField(blank=True, default="")
    last_modified = models.TextField(blank=True, default="")
    checked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=models.Q(enabled=True), name="feed_source_due")]


class FeedVersions(models.Manager["FeedVersion"]):
    """Leaves the packed table, up to megabytes of each version, in the database until somebody names it."""

    def get_queryset(self) -> models.QuerySet["FeedVersion"]:
        """Give all versions."""
        return super().get_queryset().defer("table")


class FeedVersion(models.Model):
    """One import of a feed. At most one version of a feed is active; rolling back activates an older one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    sha256 = models.TextField()
    imported_at = models.DateTimeField()
    active = models.BooleanField(default=False)
    taken = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    lapses_at = models.DateTimeField(
        null=True,
        help_text="End of indicators without one of their own; moved on when the feed is found unchanged",
    )
    table = models.BinaryField(null=True, help_text="Packed table about operating systems (feeds/tables.py)")

    objects = FeedVersions()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feed", "number"], name="feed_version_number"),
            models.UniqueConstraint(fields=["feed"], condition=models.Q(active=True), name="feed_one_active"),
        ]


class Indicator(models.Model):
    """One indicator of one version: what to look for and what it means when found."""

    version = models.ForeignKey(FeedVersion, on_delete=models.CASCADE, related_name="indicators")
    kind = models.TextField()
    value = models.TextField()
    family = models.TextField(blank=True, default="")
    classification = models.TextField()
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "value"], name="indicator_value")]


class ThreatFeed(TenantRow):
    """An organisation's own list of domains, kept by its programs (Threat Feed API) or people."""

    title = models.TextField()
    description = models.TextField(blank=True, default="")
    allow_analysis = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    elements_uploaded_at = models.DateTimeField(null=True)
    elements_count = models.PositiveIntegerField(default=0)
    generation = models.PositiveIntegerField(
        default=0, help_text="Counted up at each change of its domains: what is kept in memory is old then"
    )

    class Meta:
        indexes = [models.Index(fields=["tenant_id", "created_at"], name="threat_feed_oldest")]


class ThreatFeedDomain(models.Model):
    """One domain of such a list; it covers every name under it."""

    tenant_id = models.UUIDField(editable=False)
    feed = models.ForeignKey(ThreatFeed, on_delete=models.CASCADE, db_constraint=False)
    domain = models.TextField(help_text="Lower case, ASCII")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "domain", "feed"], name="threat_feed_domain_one")
        ]
        indexes = [models.Index(fields=["feed", "domain"], name="threat_feed_domains")]


class WebProtection(TenantRow):
    """How an organisation wants its phones' web content judged. One row; without one the defaults stand."""

    on = models.BooleanField(default=False)
    upstream = models.TextField(
        blank=True, default="", help_text="Resolver that clean names are asked of; empty: that of the machine"
    )
    pause_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="How long a person may pause it on a phone; 0: not at all"
    )
    block_suspicious = models.BooleanField(default=False, help_text="Else they are only told")
    open_hours = models.PositiveSmallIntegerField(
        default=1, help_text="How long an encounter counts against the phone; 0: it is only told"
    )
    keep_addresses = models.BooleanField(
        default=False, help_text="Whole addresses of encounters are kept, not only their hosts"
    )
    blocked_categories = models.JSONField(default=list)
    own_domains = models.JSONField(default=list, help_text="Lower case, ASCII")
    own_brands = models.JSONField(default=list, help_text="Words that stand for the organisation")
    generation = models.PositiveIntegerField(
        default=0, help_text="Counted up at each change of it or of the names below"
    )
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="web_protection_one")]


class WebName(TenantRow):
    """A host name or address on one of the organisation's lists; it covers every name under it."""

    class List(models.TextChoices):
        DENY = "deny"
        ALLOW = "allow"
        CATEGORY = "category"

    on_list = models.TextField(choices=List)
    name = models.TextField(help_text="Lower case, ASCII")
    category = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    batch = models.UUIDField(help_text="What was added together can be taken back together")
    created_by = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "on_list", "name"], name="web_name_one"),
        ]
        indexes = [models.Index(fields=["tenant_id", "on_list", "-created_at"], name="web_name_newest")]


class FileRules(TenantRow):
    """A set of the organisation's own rules on files (YARA): its text, and the rules that it amounts to."""

    name = models.TextField()
    text = models.TextField()
    rules = models.JSONField(default=list, help_text="Names of its rules")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name"], name="file_rules_one")]
