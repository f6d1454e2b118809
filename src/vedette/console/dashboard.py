"""The dashboard: how the fleet stands, what happened lately, and what to do next."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import TruncDate
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from vedette.compliance import mode
from vedette.compliance.models import DeviceState
from vedette.console.next_steps import next_steps
from vedette.devices.models import Device
from vedette.foundation import clock
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.web import charts
from vedette.web.viewer import Tone

DAYS = 30
NEWEST = 8
# A slice of the fleet: state, its word, its tone
SLICES: tuple[tuple[str, str, Tone], ...] = (
    ("secured", "Secured", "success"),
    ("low", "Low risk", "warning"),
    ("medium", "Medium risk", "serious"),
    ("high", "High risk", "danger"),
    ("misconfigured", "Misconfigured", "serious"),
    ("disconnected", "Disconnected", "neutral"),
    ("pending", "Pending", "info"),
)
SHOWN_RISKS: tuple[tuple[Risk, Tone], ...] = (
    (Risk.HIGH, "danger"),
    (Risk.MEDIUM, "serious"),
    (Risk.LOW, "warning"),
)


@access.member("dashboard")
def page(request: MemberRequest) -> HttpResponseBase:
    """Draw the dashboard."""
    states = Counter(dict(DeviceState.objects.values_list("state").annotate(count=Count("pk"))))
    unresolved = Threat.objects.filter(status=Threat.Status.OPEN)
    by_day = _opened_by_day()
    context: dict[str, Any] = {
        "steps": next_steps(request.tenant, request.administrator),
        "devices": sum(states.values()) - states["deactivated"],
        "activated": Device.objects.filter(activation_status=Device.Activation.ACTIVATED).count(),
        "open_threats": unresolved.count(),
        "high_threats": unresolved.filter(risk=Risk.HIGH).count(),
        "would_block": mode.would_block(request.tenant.id, "high"),
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
        "last_report": Device.objects.aggregate(last=Max("last_seen_at"))["last"],
        "donut": _donut(states),
        "lines": _lines(by_day),
        "points": [sum(counts.values()) for counts in by_day.values()],
        "newest": unresolved.filter(risk__gte=Risk.LOW)
        .select_related("device")
        .order_by("-risk", "-created_at")[:NEWEST],
    }
    return TemplateResponse(request, "console/dashboard.html", context)


def _donut(states: Counter[str]) -> charts.Donut:
    words = {
        "secured": _("Secured"),
        "low": _("Low risk"),
        "medium": _("Medium risk"),
        "high": _("High risk"),
        "misconfigured": _("Misconfigured"),
        "disconnected": _("Disconnected"),
        "pending": _("Pending"),
    }
    address = reverse("console:devices")
    return charts.Donut(
        title=_("Fleet risk"),
        unit=_("devices"),
        slices=[
            charts.Slice(label=words[state], value=states[state], tone=tone, href=f"{address}?state={state}")
            for state, _word, tone in SLICES
            if states[state]
        ],
    )


def _opened_by_day() -> dict[date, Counter[int]]:
    today = clock.now().date()
    days: dict[date, Counter[int]] = {
        today - timedelta(days=back): Counter() for back in range(DAYS - 1, -1, -1)
    }
    rows = (
        Threat.objects.filter(created_at__date__gte=today - timedelta(days=DAYS - 1))
        .annotate(day=TruncDate("created_at"))
        .values_list("day", "risk")
        .annotate(count=Count("pk"))
    )
    for day, risk, count in rows:
        if day in days:
            days[day][risk] += count
    return days


def _lines(by_day: dict[date, Counter[int]]) -> charts.Lines:
    names = {Risk.HIGH: _("High"), Risk.MEDIUM: _("Medium"), Risk.LOW: _("Low")}
    return charts.Lines(
        title=_("Threats found per day"),
        axis=[date_format(day, "MONTH_DAY_FORMAT") for day in by_day],
        series=[
            charts.Series(
                name=names[risk], tone=tone, values=[counts[int(risk)] for counts in by_day.values()]
            )
            for risk, tone in SHOWN_RISKS
        ],
        stacked=True,
    )
