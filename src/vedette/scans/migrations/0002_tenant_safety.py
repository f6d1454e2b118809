from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("scans_scan"),
        tables.own_key("scans_scan"),
        tables.belongs_to_tenant("scans_scan"),
    ]
