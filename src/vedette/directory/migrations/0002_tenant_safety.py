from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("directory_directorypass"),
        tables.own_key("directory_directorypass"),
        tables.belongs_to_tenant("directory_directorypass"),
        rls.protect("directory_directoryuser"),
        tables.own_key("directory_directoryuser"),
        tables.belongs_to_tenant("directory_directoryuser"),
        rls.protect("directory_directorydevice"),
        tables.own_key("directory_directorydevice"),
        tables.belongs_to_tenant("directory_directorydevice"),
        *(
            operation
            for table in ("directory_deltalink", "directory_stagedrow")
            for operation in (rls.protect(table), tables.own_key(table), tables.belongs_to_tenant(table))
        ),
        tables.composite_key("directory_stagedrow", "reading_id", "directory_directorypass"),
        tables.composite_key(
            "directory_directoryuser",
            "last_pass_id",
            "directory_directorypass",
            on_delete="SET NULL (last_pass_id)",
        ),
        tables.composite_key(
            "directory_directorydevice",
            "last_pass_id",
            "directory_directorypass",
            on_delete="SET NULL (last_pass_id)",
        ),
    ]
