"""What all tabs of the connector show: the tabs themselves, the state, and what is amiss."""

from typing import Any, Final

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.probe import NEXT_STEPS
from vedette.connectors.intune.standing import TROUBLED
from vedette.connectors.intune.words import CONSEQUENCES, INCOMPLETE, TROUBLE
from vedette.connectors.models import ConnectorError
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant

TABS: Final = (
    ("connection", gettext_lazy("Connection settings")),
    ("enrollment", gettext_lazy("Enrollment management")),
    ("state-sync", gettext_lazy("State sync")),
    ("rules", gettext_lazy("Rules")),
    ("access", gettext_lazy("Access")),
    ("handouts", gettext_lazy("Hand-outs")),
    ("unsupported", gettext_lazy("Unsupported devices")),
    ("errors", gettext_lazy("Error management")),
)


def tab_page(
    request: MemberRequest, tab: str, connector: IntuneConnector, context: dict[str, Any]
) -> TemplateResponse:
    """Draw one tab of the connector."""
    shared = {
        "tabs": _tabs(connector),
        "tab": tab,
        "connector": connector,
        "incomplete": INCOMPLETE if is_incomplete(connector) else "",
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
        "trouble": _trouble(connector),
    }
    return TemplateResponse(request, f"intune/{tab}.html", shared | context)


def is_incomplete(connector: IntuneConnector) -> bool:
    """Tell whether one of the two switches of state sync is off: a warning beside any state (C4)."""
    return not (connector.sync_device_status and connector.sync_threat_status)


def resend(request: MemberRequest) -> list[tuple[str, str]]:
    """What was posted, to be sent again with the answer to a question."""
    posted = [(name, str(value)) for name, value in request.POST.items() if name != "csrfmiddlewaretoken"]
    return [*posted, ("confirmed", "1")]


def standing_errors() -> int:
    """Count errors that are not past and that nobody has seen; inside the tenant's door."""
    return ConnectorError.objects.filter(resolved_at=None, acknowledged_at=None).count()


def _tabs(connector: IntuneConnector) -> list[dict[str, Any]]:
    locked = "" if connector.saved_at else _("Save the connection settings first.")
    badges = {"errors": standing_errors()}
    return [
        {
            "key": key,
            "label": label,
            "href": reverse(f"intune:{key}"),
            "badge": badges.get(key) or "",
            "locked": locked if key != "connection" else "",
        }
        for key, label in TABS
    ]


def _trouble(connector: IntuneConnector) -> dict[str, Any] | None:
    """Say what is wrong, what that means and who can mend it; None while the connector works."""
    if connector.state not in TROUBLED:
        return None
    detail = connector.heartbeat_detail
    step = NEXT_STEPS.get(connector.state_reason) or detail.get("next_step") or ""
    return {
        "title": TROUBLE[connector.state],
        "consequence": CONSEQUENCES[connector.state],
        "message": detail.get("message", ""),
        "next_step": _(step) if step else "",
    }
