"""The portal's first pages: choose an organisation, see what protects it."""

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from vedette_lab.model import Tenant
from vedette_lab.portal.kit import STATIC, missing, show, tenant_page

FILES = {"lab.css": "text/css", "lab.js": "text/javascript"}


async def choose(request: Request) -> Response:
    """`/portal`: the organisations of the lab."""
    return show(request, "portal/choose.html")


async def root(_: Request) -> Response:
    """`/`: lead to the portal."""
    return RedirectResponse("/portal")


@tenant_page
async def overview(request: Request, tenant: Tenant) -> Response:
    """`/portal/{tid}`: figures, properties and what blocks phones."""
    noncompliant = sum(each.compliance_state == "noncompliant" for each in tenant.managed_devices.values())
    return show(request, "portal/overview.html", tenant=tenant, noncompliant=noncompliant)


async def static(request: Request) -> Response:
    """Serve the style sheet and the script of the lab's pages."""
    name = request.path_params["name"]
    if name not in FILES:
        return missing(request, "The lab has no such file.")
    return FileResponse(STATIC / name, media_type=FILES[name])


async def nowhere(request: Request) -> Response:
    """Answer an address of the portal that does not exist."""
    return missing(request, "The portal has no such page.")
