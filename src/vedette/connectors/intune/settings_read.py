"""Reading a tenant's connector settings in the shapes the pure parts want."""

import uuid
from datetime import timedelta

from django.utils.translation import gettext

from vedette.connectors.intune.eligibility import Limits
from vedette.connectors.intune.models import EnrollmentGroup, IntuneConnector
from vedette.connectors.intune.standing import Standing
from vedette.connectors.state_sync import SyncSettings
from vedette.directory.platforms import ANDROID, IOS
from vedette.foundation import clock
from vedette.tenants.models import Tenant


def connector_of(tenant_id: uuid.UUID) -> IntuneConnector:
    """Return the tenant's connector, made with the defaults at first sight; call inside the tenant's door."""
    connector, _ = IntuneConnector.objects.get_or_create(
        tenant_id=tenant_id, defaults={"created_at": clock.now()}
    )
    return connector


def sync_settings(connector: IntuneConnector) -> SyncSettings:
    """What state sync may write now; call inside the tenant's door."""
    tenant = Tenant.objects.get(pk=connector.tenant_id)
    switches = ((ANDROID, connector.android_enabled), (IOS, connector.ios_enabled))
    return SyncSettings(
        armed=tenant.mode == Tenant.Mode.ARMED,
        platforms=frozenset(platform for platform, on in switches if on),
        device_status=connector.sync_device_status,
        threat_status=connector.sync_threat_status,
    )


def read_sync_settings(tenant_id: uuid.UUID) -> SyncSettings:
    """The same, for routes that know only the tenant."""
    return sync_settings(connector_of(tenant_id))


def attribute_name(connector: IntuneConnector) -> str:
    """Name the extension attribute that holds the state."""
    return f"extensionAttribute{connector.attribute_number}"


def error_recipients(tenant_id: uuid.UUID) -> list[str]:
    """Who is told of connector errors (C5): nobody set means the primary contact, never silence."""
    return list(connector_of(tenant_id).error_emails) or [Tenant.objects.get(pk=tenant_id).primary_contact]


def enrollment_groups_in_use() -> dict[uuid.UUID, str]:
    """Name the use of the enrollment groups, so that no other connector puts anybody into them; inside the door."""
    use = gettext("enrolling phones")
    return dict.fromkeys(EnrollmentGroup.objects.values_list("object_id", flat=True), use)


def limits(connector: IntuneConnector) -> Limits:
    """Which devices are protected."""
    return Limits(
        intune_only=connector.scope == IntuneConnector.Scope.INTUNE,
        minimum_android=connector.minimum_android,
        minimum_ios=connector.minimum_ios,
        seen_within=timedelta(days=connector.seen_within_days),
    )


def standing(connector: IntuneConnector) -> Standing:
    """What the connector's state is derived from."""
    detail = connector.heartbeat_detail
    return Standing(
        saved=connector.saved_at is not None,
        ever_succeeded=connector.last_heartbeat_at is not None,
        missed=connector.heartbeat_missed,
        missed_allowed=connector.missed_allowed,
        consent_withdrawn=bool(detail.get("consent_withdrawn")),
        lacking=str(detail.get("lacking", "")),
        fault=str(detail.get("fault", "")),
        platform_on=connector.android_enabled or connector.ios_enabled,
    )
