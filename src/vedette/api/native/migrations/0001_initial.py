from django.db import migrations, models

import vedette.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="KeptAnswer",
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
                (
                    "caller_id",
                    models.UUIDField(help_text="The application key, or the administrator, that asked"),
                ),
                ("key", models.TextField(help_text="As it stood in Idempotency-Key")),
                ("request_hash", models.BinaryField(help_text="SHA-256 over method, address and body")),
                ("status", models.PositiveSmallIntegerField()),
                ("headers", models.JSONField(default=list, help_text="[[name, value]]")),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["tenant_id", "created_at"], name="kept_answer_age")],
                "constraints": [
                    models.UniqueConstraint(fields=["tenant_id", "caller_id", "key"], name="kept_answer_one")
                ],
            },
        ),
    ]
