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
        rls.protect("compliance_release"),
        tables.own_key("compliance_release"),
        tables.belongs_to_tenant("compliance_release"),
        rls.protect("compliance_simulation"),
        tables.own_key("compliance_simulation"),
        tables.belongs_to_tenant("compliance_simulation"),
        rls.protect("compliance_brake"),
        tables.own_key("compliance_brake"),
        tables.belongs_to_tenant("compliance_brake"),
        rls.protect("compliance_newblock"),
        tables.own_key("compliance_newblock"),
        tables.belongs_to_tenant("compliance_newblock"),
        rls.protect("compliance_webencounter"),
        tables.own_key("compliance_webencounter"),
        tables.belongs_to_tenant("compliance_webencounter"),
        tables.composite_key("compliance_webencounter", "device_id", "devices_device"),
        tables.composite_key("compliance_devicestate", "device_id", "devices_device"),
        tables.composite_key("compliance_statechange", "device_id", "devices_device"),
        tables.composite_key("compliance_detectorfailure", "device_id", "devices_device"),
        tables.composite_key("compliance_release", "device_id", "devices_device"),
        tables.composite_key("compliance_simulation", "device_id", "devices_device"),
        tables.composite_key("compliance_newblock", "device_id", "devices_device"),
    ]
