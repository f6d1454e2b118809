from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("partner", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("partner_partnerlink"),
        tables.own_key("partner_partnerlink"),
        tables.belongs_to_tenant("partner_partnerlink"),
        rls.protect("partner_partnerupload"),
        tables.own_key("partner_partnerupload"),
        tables.belongs_to_tenant("partner_partnerupload"),
    ]
