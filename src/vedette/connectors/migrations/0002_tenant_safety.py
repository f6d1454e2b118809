from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0001_initial"),
        ("devices", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("connectors_delivery"),
        tables.own_key("connectors_delivery"),
        tables.belongs_to_tenant("connectors_delivery"),
        rls.protect("connectors_push"),
        tables.own_key("connectors_push"),
        tables.belongs_to_tenant("connectors_push"),
        rls.protect("connectors_arrival"),
        tables.own_key("connectors_arrival"),
        tables.belongs_to_tenant("connectors_arrival"),
        rls.protect("connectors_connectorerror"),
        tables.own_key("connectors_connectorerror"),
        tables.belongs_to_tenant("connectors_connectorerror"),
        rls.protect("connectors_sparedperson"),
        tables.own_key("connectors_sparedperson"),
        tables.belongs_to_tenant("connectors_sparedperson"),
        rls.protect("connectors_destination"),
        tables.own_key("connectors_destination"),
        tables.belongs_to_tenant("connectors_destination"),
        rls.protect("connectors_deadletter"),
        tables.own_key("connectors_deadletter"),
        tables.belongs_to_tenant("connectors_deadletter"),
        tables.composite_key("connectors_deadletter", "destination_id", "connectors_destination"),
        tables.composite_key(
            "connectors_delivery", "device_id", "devices_device", on_delete="SET NULL (device_id)"
        ),
    ]
