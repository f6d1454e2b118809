from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("compliance", "0001_initial"),
        ("devices", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("compliance_devicestate"),
        tables.belongs_to_tenant("compliance_devicestate"),
        rls.protect("compliance_statechange"),
        tables.own_key("compliance_statechange"),
        tables.belongs_to_tenant("compliance_statechange"),
        rls.protect("compliance_detectorfailure"),
        tables.own_key("compliance_detectorfailure"),
        tables.belongs_to_tenant("compliance_detectorfailure"),
        tables.composite_key("compliance_devicestate", "device_id", "devices_device"),
        tables.composite_key("compliance_statechange", "device_id", "devices_device"),
        tables.composite_key("compliance_detectorfailure", "device_id", "devices_device"),
    ]
