from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("threats", "0001_initial"),
        ("devices", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("threats_threat"),
        tables.own_key("threats_threat"),
        tables.belongs_to_tenant("threats_threat"),
        rls.protect("threats_policylevel"),
        tables.own_key("threats_policylevel"),
        tables.belongs_to_tenant("threats_policylevel"),
        rls.protect("threats_policyparameters"),
        tables.own_key("threats_policyparameters"),
        tables.belongs_to_tenant("threats_policyparameters"),
        rls.protect("threats_policywish"),
        tables.own_key("threats_policywish"),
        tables.belongs_to_tenant("threats_policywish"),
        rls.protect("threats_appentry"),
        tables.own_key("threats_appentry"),
        tables.belongs_to_tenant("threats_appentry"),
        rls.protect("threats_capabilityrule"),
        tables.own_key("threats_capabilityrule"),
        tables.belongs_to_tenant("threats_capabilityrule"),
        tables.composite_key("threats_threat", "device_id", "devices_device"),
        tables.composite_key("threats_policylevel", "group_id", "devices_devicegroup"),
        tables.composite_key("threats_policyparameters", "group_id", "devices_devicegroup"),
        tables.composite_key("threats_policywish", "group_id", "devices_devicegroup"),
    ]
