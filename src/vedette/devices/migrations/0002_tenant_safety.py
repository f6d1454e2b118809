from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
        ("scans", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("devices_devicegroup"),
        tables.own_key("devices_devicegroup"),
        tables.belongs_to_tenant("devices_devicegroup"),
        # the inbox moves devices and keys on, and stores reports, before it knows a tenant
        rls.protect("devices_device", system="select, update"),
        tables.own_key("devices_device"),
        tables.belongs_to_tenant("devices_device"),
        rls.protect("devices_devicescan"),
        tables.own_key("devices_devicescan"),
        tables.belongs_to_tenant("devices_devicescan"),
        tables.composite_key("devices_devicescan", "device_id", "devices_device"),
        tables.composite_key("devices_devicescan", "scan_id", "scans_scan"),
        rls.protect("devices_devicekey", system="select, update"),
        tables.own_key("devices_devicekey"),
        tables.belongs_to_tenant("devices_devicekey"),
        rls.protect("devices_invitation"),
        tables.own_key("devices_invitation"),
        tables.belongs_to_tenant("devices_invitation"),
        rls.protect("devices_waitingidentity"),
        tables.own_key("devices_waitingidentity"),
        tables.belongs_to_tenant("devices_waitingidentity"),
        rls.protect("devices_enrollmentpolicy"),
        tables.own_key("devices_enrollmentpolicy"),
        tables.belongs_to_tenant("devices_enrollmentpolicy"),
        rls.protect("devices_privacypolicy"),
        tables.own_key("devices_privacypolicy"),
        tables.belongs_to_tenant("devices_privacypolicy"),
        rls.protect("devices_report", system=rls.APPEND),
        tables.own_key("devices_report"),
        tables.belongs_to_tenant("devices_report"),
        # the resolver notes when an address was used before it knows a tenant
        rls.protect("devices_resolveraddress", system="select, update"),
        tables.own_key("devices_resolveraddress"),
        tables.belongs_to_tenant("devices_resolveraddress"),
        tables.composite_key("devices_resolveraddress", "device_id", "devices_device"),
        rls.protect("devices_resolversettings"),
        tables.own_key("devices_resolversettings"),
        tables.belongs_to_tenant("devices_resolversettings"),
        tables.composite_key("devices_device", "group_id", "devices_devicegroup", on_delete="NO ACTION"),
        tables.composite_key("devices_devicekey", "device_id", "devices_device"),
        tables.composite_key("devices_invitation", "device_id", "devices_device"),
        tables.composite_key("devices_waitingidentity", "invitation_id", "devices_invitation"),
        tables.composite_key("devices_report", "device_id", "devices_device"),
    ]
