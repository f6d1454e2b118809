from django.db import migrations, models

import vedette.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Scan",
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
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.TextField(blank=True, default="", help_text="Name of the person or key"),
                ),
                ("created_by_id", models.TextField(blank=True, default="")),
                ("file_name", models.TextField()),
                ("size", models.BigIntegerField(help_text="Bytes")),
                ("sha256", models.TextField()),
                (
                    "stored_as",
                    models.TextField(
                        blank=True, default="", help_text="File in uploads/; empty once deleted"
                    ),
                ),
                (
                    "sealed_password",
                    models.TextField(blank=True, default="", help_text="Empty once the file is deleted"),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                    ),
                ),
                (
                    "phase",
                    models.TextField(
                        blank=True,
                        choices=[("", "None"), ("reading", "Reading"), ("judging", "Judging")],
                        default="",
                    ),
                ),
                (
                    "failure",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("unreadable", "Unreadable"),
                            ("time", "Time"),
                            ("memory", "Memory"),
                            ("output", "Output"),
                            ("crash", "Crash"),
                            ("lost", "Lost"),
                        ],
                        default="",
                    ),
                ),
                ("why", models.TextField(blank=True, default="")),
                ("attempts", models.SmallIntegerField(default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("kind", models.TextField(blank=True, default="", help_text="What it was read as")),
                (
                    "platform",
                    models.TextField(
                        blank=True, default="", help_text="Empty when nothing in it tells of a phone"
                    ),
                ),
                ("phone", models.TextField(blank=True, default="", help_text="Maker and model")),
                ("os_version", models.TextField(blank=True, default="")),
                ("worst", models.SmallIntegerField(default=0, help_text="Highest risk found: verdict.Risk")),
                ("findings", models.IntegerField(default=0)),
                ("unread", models.IntegerField(default=0)),
                (
                    "collected_at",
                    models.DateTimeField(help_text="Newest moment in it: taken not before that", null=True),
                ),
                ("result", models.JSONField(help_text="scans.kept.Kept", null=True)),
                ("keep_until", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant_id", "-created_at"], name="scan_newest"),
                    models.Index(fields=["keep_until"], name="scan_ends"),
                    models.Index(
                        condition=models.Q(("status__in", ["waiting", "running"])),
                        fields=["created_at"],
                        name="scan_under_way",
                    ),
                ],
            },
        ),
    ]
