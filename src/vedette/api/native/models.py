"""Answers kept for a day, so that an act that is asked for twice is done once."""

from django.db import models

from vedette.foundation.tables import TenantRow


class KeptAnswer(TenantRow):
    """What was answered to the first request with an idempotency key; the same request gets it again."""

    caller_id = models.UUIDField(help_text="The application key, or the administrator, that asked")
    key = models.TextField(help_text="As it stood in Idempotency-Key")
    request_hash = models.BinaryField(help_text="SHA-256 over method, address and body")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=list, help_text="[[name, value]]")
    body = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "caller_id", "key"], name="kept_answer_one")
        ]
        indexes = [models.Index(fields=["tenant_id", "created_at"], name="kept_answer_age")]
