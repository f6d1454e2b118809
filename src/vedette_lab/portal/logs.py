"""Applications and the sign-in log in the portal."""

from starlette.requests import Request
from starlette.responses import Response

from vedette_lab.answers import cloud_of
from vedette_lab.model import SignIn, Tenant
from vedette_lab.portal.kit import listing, missing, show, tenant_page


@tenant_page
async def apps(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/apps`: registrations of this tenant, and applications consented to here."""
    cloud = cloud_of(request)
    registered = [app for app in cloud.apps.values() if app.home_tenant == tenant.id]
    consented = [(cloud.apps.get(app_id), consent) for app_id, consent in tenant.consents.items()]
    return show(request, "portal/apps.html", tenant=tenant, registered=registered, consented=consented)


@tenant_page
async def sign_ins(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/sign-ins`: decisions, newest first."""
    users, devices = tenant.directory.users, tenant.directory.devices

    def matches(line: SignIn, query: str) -> bool:
        person = users.get(line.user_id)
        return (
            query in (person.user_principal_name if person else line.user_id) or query in line.reason.lower()
        )

    found = listing(request, tenant.sign_ins[::-1], matches)
    return show(request, "portal/sign_ins.html", tenant=tenant, list=found, users=users, devices=devices)


@tenant_page
async def sign_in_page(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}/sign-ins/{id}`: one decision with what every policy said."""
    wanted = request.path_params["sid"]
    line = next((each for each in reversed(tenant.sign_ins) if each.id == wanted), None)
    if line is None:
        return missing(request, "The log keeps no such sign-in.")
    return show(
        request,
        "portal/sign_in.html",
        tenant=tenant,
        line=line,
        user=tenant.directory.users.get(line.user_id),
        device=tenant.directory.devices.get(line.device_id or ""),
    )
