from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("actions", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("actions_actionsettings"),
        tables.own_key("actions_actionsettings"),
        tables.belongs_to_tenant("actions_actionsettings"),
    ]
