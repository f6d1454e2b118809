"""The pages of the accounts, and one small view for each way into the console."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST

from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Administrator, Tenant
from vedette.web import appearance


@access.member("dashboard")
def dashboard(request: MemberRequest) -> HttpResponse:
    banners = " ".join(banner.text for banner in request.viewer.banners)
    words = [request.administrator.upn, request.viewer.access, request.viewer.tenant_name, banners]
    return HttpResponse("|".join(words))


@access.member("policy")
def policy(request: MemberRequest) -> HttpResponse:
    return HttpResponse(f"policy by {request.method}")


@access.full("connectors")
def connectors(_request: MemberRequest) -> HttpResponse:
    return HttpResponse("connectors")


@access.full("devices")
@require_POST
def deactivate(_request: MemberRequest) -> HttpResponse:
    return HttpResponse("deactivated")


@access.member("admins")
def person(_request: MemberRequest, oid: str) -> HttpResponse:
    found = Administrator.objects.filter(oid=oid).first()
    return HttpResponse(found.upn if found else "nobody", status=200 if found else 404)


@access.member("dashboard")
def fails(request: MemberRequest) -> HttpResponse:
    with database.writer(request.tenant.id):
        Tenant.objects.filter(id=request.tenant.id).update(name="Written before the fault")
    raise ZeroDivisionError


@access.member("dashboard", door=False)
def closed(request: MemberRequest) -> HttpResponse:
    try:
        database.current_tenant()
    except database.NoDoorError:
        return HttpResponse(f"no door for {request.tenant.name}")
    return HttpResponse("a door is open")


def favicon(_request: HttpRequest) -> HttpResponse:
    """Answer a browser's own request, lest the page of its 404 shows a message meant for the next page."""
    return HttpResponse(status=204)


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(getattr(request, "administrator", None)))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("vedette.tenants.urls")),
    path("appearance", access.public(appearance.save), name="appearance"),
    path("", include("vedette.web.urls")),
    path("dashboard/", dashboard),
    path("policy/", policy),
    path("connectors/", connectors),
    path("deactivate/", deactivate),
    path("people/<str:oid>/", person),
    path("fails/", fails),
    path("closed/", closed),
    path("unmarked/", unmarked),
    path("favicon.ico", favicon),
    # Behind the stand-ins above: banners on every page lead into the console and the connectors.
    path("", include("vedette.connectors.urls")),
    path("", include("vedette.console.urls")),
]

handler404 = "vedette.web.errors.page_not_found"
handler500 = "vedette.web.errors.server_error"
