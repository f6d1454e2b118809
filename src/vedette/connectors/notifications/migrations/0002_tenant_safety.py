from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("notifications_subscription"),
        tables.own_key("notifications_subscription"),
        tables.belongs_to_tenant("notifications_subscription"),
    ]
