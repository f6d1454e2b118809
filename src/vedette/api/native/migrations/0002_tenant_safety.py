from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("native", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("native_keptanswer"),
        tables.own_key("native_keptanswer"),
        tables.belongs_to_tenant("native_keptanswer"),
    ]
