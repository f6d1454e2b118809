from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_initial"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.protect("mail_notification"),
        tables.own_key("mail_notification"),
        tables.belongs_to_tenant("mail_notification"),
        rls.protect("mail_tenantmailbox"),
        tables.own_key("mail_tenantmailbox"),
        tables.belongs_to_tenant("mail_tenantmailbox"),
    ]
