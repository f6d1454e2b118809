from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("intune", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("intune_intuneconnector"),
        tables.own_key("intune_intuneconnector"),
        tables.belongs_to_tenant("intune_intuneconnector"),
        rls.protect("intune_enrollmentgroup"),
        tables.own_key("intune_enrollmentgroup"),
        tables.belongs_to_tenant("intune_enrollmentgroup"),
        rls.protect("intune_reading"),
        tables.own_key("intune_reading"),
        tables.belongs_to_tenant("intune_reading"),
    ]
