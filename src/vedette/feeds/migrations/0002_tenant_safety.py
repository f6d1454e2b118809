from django.db import migrations

from vedette.foundation import rls


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0001_initial"),
        ("events", "0002_tenant_safety"),
    ]

    operations = [
        rls.shared("feeds_feed"),
        rls.shared("feeds_feedsource"),
        rls.shared("feeds_feedversion"),
        rls.shared("feeds_indicator"),
        migrations.RunSQL(
            "grant usage on sequence feeds_indicator_id_seq to vedette_system", migrations.RunSQL.noop
        ),
    ]
