from django.db import migrations

from vedette.foundation import rls, tables


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("events", "0002_tenant_safety"),
        ("sessions", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        rls.protect("tenants_tenant", tenant_column="id", tenant="select, update", system=rls.APPEND),
        rls.protect("tenants_administrator"),
        tables.own_key("tenants_administrator"),
        tables.belongs_to_tenant("tenants_administrator"),
        rls.protect("tenants_applicationkey"),
        tables.own_key("tenants_applicationkey"),
        tables.belongs_to_tenant("tenants_applicationkey"),
        rls.protect("tenants_appregistration"),
        tables.own_key("tenants_appregistration"),
        tables.belongs_to_tenant("tenants_appregistration"),
        rls.shared("tenants_operatorlink", tenant=""),
        rls.shared("django_session", tenant=""),
        rls.shared("django_migrations", system=rls.READ, tenant="", login=rls.READ),
        rls.jobs(),
    ]
