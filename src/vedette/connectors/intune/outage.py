"""What the circuit breaker of Graph does, as an error of the connector: listed at once, mailed once when it lasts."""

from typing import Final

from django.utils.translation import gettext_noop as _

from vedette.connectors import errors
from vedette.connectors.errors import LASTING, Advice, Problem
from vedette.foundation import database
from vedette.tenants.models import Tenant

CODE: Final = "circuit_open"
_MESSAGE: Final = _("Microsoft did not answer several times in a row, last: %(error)s")
_ADVICE: Final = Advice(
    _(
        "Calls of this kind are held back for a short while, and one is sent from time to time to see. Nothing is lost."
    ),
    _(
        "Nothing to do if it passes. If it stays, look at Microsoft's service health and at this machine's network."
    ),
    mail_after=LASTING,
)


def tell(entra_tenant_id: str, service: str, error: Exception | None) -> None:
    """Note that calls of a tenant to a service are held back because of ERROR, or no longer (None)."""
    with database.system():
        tenant_ids = list(Tenant.objects.filter(entra_tenant_id=entra_tenant_id).values_list("id", flat=True))
    source = f"calls_{service}"
    for tenant_id in tenant_ids:
        if error is None:
            errors.passed(tenant_id, "intune", source)
        else:
            problem = Problem(source, CODE, _MESSAGE, _ADVICE, words={"error": str(error)})
            errors.record(tenant_id, "intune", problem)
