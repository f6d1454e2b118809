"""Settings of the acts that follow a change."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from vedette.foundation.tables import TenantRow


def blocked_by_default() -> list[str]:
    """Return the states that count as blocked where nobody chose."""
    return ["high", "disconnected"]


class ActionSettings(TenantRow):
    """One per tenant: which acts are on, for which states, and how seldom each happens for one phone."""

    sync_enabled = models.BooleanField(default=False)
    sync_minutes = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    notify_enabled = models.BooleanField(default=False)
    notify_recovered = models.BooleanField(default=True)
    notify_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    revoke_enabled = models.BooleanField(default=False)
    revoke_minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    classifications = models.JSONField(default=list, help_text="Those that end sign-in sessions")
    levels = models.JSONField(default=blocked_by_default, help_text="Device states that count as blocked")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id"], name="action_settings_one")]
