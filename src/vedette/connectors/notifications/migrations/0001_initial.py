from django.db import migrations, models

import vedette.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vedette.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("tenant_id", models.UUIDField(editable=False)),
                ("resource", models.TextField(help_text="users or groups")),
                (
                    "remote_id",
                    models.TextField(
                        blank=True, default="", help_text="Microsoft's ID; empty = not made (yet)"
                    ),
                ),
                (
                    "secret_hash",
                    models.TextField(
                        blank=True, default="", help_text="SHA-256 of what each notification must carry"
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(help_text="When it is made, renewed or deleted")),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                (
                    "unwanted",
                    models.BooleanField(
                        default=False, help_text="Switched off, and to be deleted at Microsoft"
                    ),
                ),
                ("notified_at", models.DateTimeField(null=True)),
                (
                    "woken_at",
                    models.DateTimeField(help_text="A poll is to run because of it", null=True),
                ),
                (
                    "problem",
                    models.TextField(blank=True, default="", help_text="Why the last try failed; English"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["next_at"], name="subscription_due"),
                    models.Index(fields=["remote_id"], name="subscription_remote"),
                    models.Index(
                        condition=models.Q(("woken_at__isnull", False)),
                        fields=["tenant_id"],
                        name="subscription_woken",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant_id", "resource"), name="subscription_one_of_a_kind"
                    )
                ],
            },
        ),
    ]
