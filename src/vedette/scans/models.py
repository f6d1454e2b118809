"""What was uploaded for analysis, how far it is, and what was found in it."""

from django.db import models

from vedette.foundation.tables import TenantRow


class Scan(TenantRow):
    """One upload. The file itself is deleted as soon as it was read; what is kept goes at `keep_until`."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    class Phase(models.TextChoices):
        NONE = ""
        READING = "reading"
        JUDGING = "judging"

    class Failure(models.TextChoices):
        """Why there is no result; `why` holds the reader's own sentence, where it had one."""

        NONE = ""
        UNREADABLE = "unreadable"
        TIME = "time"
        MEMORY = "memory"
        OUTPUT = "output"
        CRASH = "crash"
        LOST = "lost"

    created_at = models.DateTimeField()
    created_by = models.TextField(blank=True, default="", help_text="Name of the person or key")
    created_by_id = models.TextField(blank=True, default="")
    file_name = models.TextField()
    size = models.BigIntegerField(help_text="Bytes")
    sha256 = models.TextField()
    stored_as = models.TextField(blank=True, default="", help_text="File in uploads/; empty once deleted")
    sealed_password = models.TextField(blank=True, default="", help_text="Empty once the file is deleted")
    status = models.TextField(choices=Status, default=Status.WAITING)
    phase = models.TextField(choices=Phase, blank=True, default=Phase.NONE)
    failure = models.TextField(choices=Failure, blank=True, default=Failure.NONE)
    why = models.TextField(blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    kind = models.TextField(blank=True, default="", help_text="What it was read as")
    platform = models.TextField(blank=True, default="", help_text="Empty when nothing in it tells of a phone")
    phone = models.TextField(blank=True, default="", help_text="Maker and model")
    os_version = models.TextField(blank=True, default="")
    worst = models.SmallIntegerField(default=0, help_text="Highest risk found: verdict.Risk")
    findings = models.IntegerField(default=0)
    unread = models.IntegerField(default=0)
    collected_at = models.DateTimeField(null=True, help_text="Newest moment in it: taken not before that")
    result = models.JSONField(null=True, help_text="scans.kept.Kept")
    keep_until = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "-created_at"], name="scan_newest"),
            models.Index(fields=["keep_until"], name="scan_ends"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status__in=["waiting", "running"]),
                name="scan_under_way",
            ),
        ]
