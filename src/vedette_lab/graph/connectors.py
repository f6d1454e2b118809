"""Mobile threat defense connectors (microsoft.md 2.1)."""

from typing import Any, Final
from uuid import UUID

from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError, not_found
from vedette_lab.graph.properties import iso
from vedette_lab.intune import connectors
from vedette_lab.intune_model import Json, MtdConnector

PATH: Final = "deviceManagement/mobileThreatDefenseConnectors"
TOGGLES: Final = {
    "allowPartnerToCollectIOSApplicationMetadata": "allow_partner_to_collect_ios_application_metadata",
    "allowPartnerToCollectIOSPersonalApplicationMetadata": (
        "allow_partner_to_collect_ios_personal_application_metadata"
    ),
    "androidDeviceBlockedOnMissingPartnerData": "android_device_blocked_on_missing_partner_data",
    "androidEnabled": "android_enabled",
    "androidMobileApplicationManagementEnabled": "android_mobile_application_management_enabled",
    "iosDeviceBlockedOnMissingPartnerData": "ios_device_blocked_on_missing_partner_data",
    "iosEnabled": "ios_enabled",
    "iosMobileApplicationManagementEnabled": "ios_mobile_application_management_enabled",
    "microsoftDefenderForEndpointAttachEnabled": "microsoft_defender_for_endpoint_attach_enabled",
    "partnerUnsupportedOsVersionBlocked": "partner_unsupported_os_version_blocked",
    "windowsDeviceBlockedOnMissingPartnerData": "windows_device_blocked_on_missing_partner_data",
    "windowsEnabled": "windows_enabled",
}
THRESHOLD: Final = "partnerUnresponsivenessThresholdInDays"
READ_ONLY: Final = frozenset({"id", "lastHeartbeatDateTime", "partnerState"})
"""Accepted in a body and not applied: whether Intune honours them is unknown (microsoft.md 2.1)."""


def render_connector(connector: MtdConnector) -> Json:
    """Return a connector as Graph's JSON. v1.0 has no `notSetUp`: it is shown as `unavailable`."""
    state = "unavailable" if connector.partner_state == "notSetUp" else connector.partner_state
    return {
        "id": connector.id,
        "lastHeartbeatDateTime": iso(connector.last_heartbeat) or "0001-01-01T00:00:00Z",
        "partnerState": state,
        THRESHOLD: connector.partner_unresponsiveness_threshold_in_days,
        **{name: getattr(connector, ours) for name, ours in TOGGLES.items()},
    }


def apply(connector: MtdConnector, body: Json) -> None:
    """Set toggles and threshold. GraphError 400 for a property or value that Graph does not have."""
    for name, value in body.items():
        if name.startswith("@") or name in READ_ONLY:
            continue
        if not _valid(name, value):
            message = f"Invalid property or value: '{name}'."
            raise GraphError(400, "BadRequest", message)
    for name, value in body.items():
        if name in TOGGLES:
            setattr(connector, TOGGLES[name], value)
    connector.partner_unresponsiveness_threshold_in_days = body.get(
        THRESHOLD, connector.partner_unresponsiveness_threshold_in_days
    )


def _valid(name: str, value: Any) -> bool:
    if name == THRESHOLD:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return name in TOGGLES and isinstance(value, bool)


def _connector(call: Call) -> MtdConnector:
    connectors.refresh(call.tenant, call.cloud.now())
    found = call.tenant.mtd_connectors.get(call.param("connector").lower())
    if found is None:
        raise not_found(call.param("connector"))
    return found


def _answer(call: Call, connector: MtdConnector) -> Json:
    connectors.refresh(call.tenant, call.cloud.now())
    return {"@odata.context": call.context(PATH, entity=True), **render_connector(connector)}


async def list_connectors(call: Call) -> Json:
    """GET /deviceManagement/mobileThreatDefenseConnectors."""
    connectors.refresh(call.tenant, call.cloud.now())
    return call.intune_page(list(call.tenant.mtd_connectors.values()), PATH, render_connector)


async def get_connector(call: Call) -> Json:
    """GET /deviceManagement/mobileThreatDefenseConnectors/{id}: the entity itself."""
    return _answer(call, _connector(call))


async def create_connector(call: Call) -> Json:
    """POST /deviceManagement/mobileThreatDefenseConnectors: the id is the partner's fixed GUID."""
    body = call.body()
    try:
        key = str(UUID(str(body.get("id"))))
    except ValueError:
        raise GraphError(400, "BadRequest", "The id must be the GUID of a partner.") from None
    if key in call.tenant.mtd_connectors:
        raise GraphError(400, "BadRequest", "A connector of this partner exists already.")
    connector = MtdConnector(key)
    apply(connector, body)
    call.tenant.mtd_connectors[key] = connector
    return _answer(call, connector)


async def change_connector(call: Call) -> Json:
    """PATCH /deviceManagement/mobileThreatDefenseConnectors/{id}."""
    connector = _connector(call)
    apply(connector, call.body())
    return _answer(call, connector)


async def delete_connector(call: Call) -> None:
    """DELETE /deviceManagement/mobileThreatDefenseConnectors/{id}."""
    del call.tenant.mtd_connectors[_connector(call).id]


routes: list[BaseRoute] = [
    *operation("GET", f"/{PATH}", list_connectors),
    *operation("POST", f"/{PATH}", create_connector, status=201),
    *operation("GET", f"/{PATH}/{{connector}}", get_connector),
    *operation("PATCH", f"/{PATH}/{{connector}}", change_connector),
    *operation("DELETE", f"/{PATH}/{{connector}}", delete_connector),
]
