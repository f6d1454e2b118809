"""The tab Hand-outs: what to paste at Microsoft and to send to people, filled with this tenant's values."""

from django.http import HttpResponseBase

from vedette.connectors.intune import enforcement, handouts, recipes
from vedette.connectors.intune.handouts import Values
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.rules_views import LEVELS
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.tabs import tab_page
from vedette.devices import enrollment_policy
from vedette.foundation import config
from vedette.tenants import access, registrations
from vedette.tenants.access import MemberRequest


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the hand-outs; `?minimum=` chooses the level from which the rules block."""
    connector = connector_of(request.tenant.id)
    settings = config.current()
    asked = request.GET.get("minimum", "")
    known = enforcement.of(connector).minimum or recipes.MINIMUM
    minimum = asked if asked in LEVELS else known
    values = Values(
        organisation=request.tenant.name,
        contact=request.tenant.primary_contact,
        server=settings.public_url,
        entra_tenant_id=str(request.tenant.entra_tenant_id),
        groups=[str(each) for each in EnrollmentGroup.objects.values_list("object_id", flat=True)],
        attribute_number=connector.attribute_number,
        client_id=registrations.of(request.tenant).client_id,
        minimum=minimum,
        enrollment_code=enrollment_policy.code(),
    )
    context = {
        "minimum": minimum,
        "enrollment_code": values.enrollment_code,
        "minimums": list(LEVELS.items()),
        "android": handouts.android_configuration(values),
        "ios": handouts.ios_configuration(values),
        "at_risk": handouts.block_by_level(values),
        "admit": handouts.admit_known(values),
        "require": handouts.require_compliance(values),
        "compliance_android": handouts.compliance("androidWorkProfileCompliancePolicy"),
        "compliance_ios": handouts.compliance("iosCompliancePolicy"),
        "mail_en": handouts.mail("en", values),
        "mail_fr": handouts.mail("fr", values),
    }
    return tab_page(request, "handouts", connector, context)
