"""System > Connectors: what is connected, how it stands, and the one setting all share (D4)."""

from django.http import HttpResponseBase
from django.template.response import TemplateResponse

from vedette.connectors import destination_health
from vedette.connectors.overview import cards
from vedette.tenants import access
from vedette.tenants.access import MemberRequest


@access.member("connectors")
def overview(request: MemberRequest) -> HttpResponseBase:
    """List the connectors with their state."""
    return TemplateResponse(
        request,
        "connectors/overview.html",
        {
            "cards": [*cards(request.tenant.id), destination_health.card(request.tenant.id)],
            "disconnected_days": request.tenant.disconnected_days,
        },
    )
