from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("feeds", "0001_initial"),
        ("events", "0002_tenant_safety"),
        ("tenants", "0002_tenant_safety"),
    ]

    operations = [
        rls.shared("feeds_feed"),
        rls.shared("feeds_feedsource"),
        rls.shared("feeds_feedversion"),
        rls.shared("feeds_indicator"),
        migrations.RunSQL(
            "grant usage on sequence feeds_indicator_id_seq to vedette_system", migrations.RunSQL.noop
        ),
        rls.protect("feeds_threatfeed"),
        tables.own_key("feeds_threatfeed"),
        tables.belongs_to_tenant("feeds_threatfeed"),
        rls.protect("feeds_threatfeeddomain"),
        tables.composite_key("feeds_threatfeeddomain", "feed_id", "feeds_threatfeed"),
        migrations.RunSQL(
            "grant usage on sequence feeds_threatfeeddomain_id_seq to vedette_tenant", migrations.RunSQL.noop
        ),
        rls.protect("feeds_webprotection"),
        tables.own_key("feeds_webprotection"),
        tables.belongs_to_tenant("feeds_webprotection"),
        rls.protect("feeds_webname"),
        tables.own_key("feeds_webname"),
        tables.belongs_to_tenant("feeds_webname"),
        rls.protect("feeds_filerules"),
        tables.own_key("feeds_filerules"),
        tables.belongs_to_tenant("feeds_filerules"),
    ]
