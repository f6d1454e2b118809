from django.db import migrations

from vedette.foundation import rls


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0001_initial"),
    ]

    operations = [
        rls.schema(),
        rls.protect("events_event", tenant=rls.APPEND),
        rls.protect("events_eventhead"),
    ]
