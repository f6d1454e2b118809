from django.db import migrations

from vedette.foundation import rls, tables

TABLES = ("groups_grouproute", "groups_riskgroup", "groups_listedmember")


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        step
        for table in TABLES
        for step in (rls.protect(table), tables.own_key(table), tables.belongs_to_tenant(table))
    ]
