"""Mobile Threat Defense connectors in the portal: toggles, status and last heartbeat."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.intune import connectors as engine
from vedette_lab.intune_model import MtdConnector
from vedette_lab.model import Tenant
from vedette_lab.partner.service import connector as simulated
from vedette_lab.portal.kit import field, go, missing, show, tenant_form, tenant_page

TOGGLES = {
    "android_enabled": "Connect Android devices to the partner for compliance evaluation",
    "ios_enabled": "Connect iOS/iPadOS devices to the partner for compliance evaluation",
    "android_device_blocked_on_missing_partner_data": "Android: mark as noncompliant if no data is received",
    "ios_device_blocked_on_missing_partner_data": "iOS/iPadOS: mark as noncompliant if no data is received",
    "allow_partner_to_collect_ios_application_metadata": "Enable App Sync for iOS devices",
    "partner_unsupported_os_version_blocked": "Block unsupported OS versions",
    "android_mobile_application_management_enabled": "Connect Android for app protection policy evaluation",
    "ios_mobile_application_management_enabled": "Connect iOS for app protection policy evaluation",
}
"""Attributes of a connector and the portal's words (microsoft.md 1.3)."""

EVALUATED = frozenset(list(TOGGLES)[:4])
MOST_DAYS = 365


@tenant_page
async def connectors(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/connectors`: the partners of this organisation."""
    engine.refresh(tenant, cloud_of(request).now())
    return show(
        request,
        "portal/connectors.html",
        tenant=tenant,
        connectors=list(tenant.mtd_connectors.values()),
        name=engine.name,
        can_add=engine.SIMULATION_ID not in tenant.mtd_connectors,
    )


@tenant_form
async def add(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Add the simulated partner's connector, not set up until the partner provisions it."""
    mine = simulated(tenant)
    engine.refresh(tenant, cloud_of(request).now())
    return go(f"/portal/{tenant.id}/connectors/{mine.id}", "Connector added.")


def _page(request: Request, tenant: Tenant, connector: MtdConnector, error: str = "") -> Response:
    engine.refresh(tenant, cloud_of(request).now())
    return show(
        request,
        "portal/connector.html",
        status=400 if error else 200,
        tenant=tenant,
        connector=connector,
        toggles=TOGGLES,
        evaluated=EVALUATED,
        name=engine.name,
        simulated=connector.id == engine.SIMULATION_ID,
        error=error,
    )


@tenant_page
async def connector_page(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/connectors/{id}`: one connector."""
    found = tenant.mtd_connectors.get(request.path_params["cid"])
    return _page(request, tenant, found) if found else missing(request, "There is no such connector.")


@tenant_form
async def save(request: Request, tenant: Tenant, form: FormData) -> Response:
    """Save toggles; they count from each phone's next check-in or the partner's next report."""
    found = tenant.mtd_connectors.get(request.path_params["cid"])
    if found is None:
        return missing(request, "There is no such connector.")
    days = field(form, "partner_unresponsiveness_threshold_in_days")
    if not days.isdecimal() or not 1 <= int(days) <= MOST_DAYS:
        why = f"The number of days until the partner is unresponsive must be 1 to {MOST_DAYS}."
        return _page(request, tenant, found, why)
    for attribute in TOGGLES:
        setattr(found, attribute, field(form, attribute) == "on")
    found.partner_unresponsiveness_threshold_in_days = int(days)
    engine.refresh(tenant, cloud_of(request).now())
    return go(f"/portal/{tenant.id}/connectors/{found.id}", "Connector saved.")


@tenant_form
async def resync(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Ask the partner at its next heartbeat to send everything again."""
    found = tenant.mtd_connectors.get(request.path_params["cid"])
    if found is None:
        return missing(request, "There is no such connector.")
    tenant.partner.resync_requested = True
    return go(
        f"/portal/{tenant.id}/connectors/{found.id}", "The partner will be asked at its next heartbeat."
    )


@tenant_form
async def delete(request: Request, tenant: Tenant, _: FormData) -> Response:
    """Remove a connector; its reports no longer count."""
    tenant.mtd_connectors.pop(request.path_params["cid"], None)
    return go(f"/portal/{tenant.id}/connectors", "Connector removed.")
