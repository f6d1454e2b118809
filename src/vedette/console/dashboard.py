"""The dashboard: how the fleet stands, what happened lately, and what to do next."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import TruncDate
from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from vedette.compliance import mode
from vedette.compliance.models import DeviceState
from vedette.connectors.intune import enforcement
from vedette.connectors.intune.settings_read import connector_of
from vedette.console import words
from vedette.console.next_steps import next_steps
from vedette.console.threats import AT_RISK
from vedette.devices.models import Device
from vedette.foundation import clock
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.tenants.models import Tenant
from vedette.threats.models import Threat
from vedette.verdict.risk import Risk
from vedette.web import charts
from vedette.web.badges import RISKS, STATES
from vedette.web.viewer import Tone

LONGEST, SHORTEST = 30, 7
"""Days of the chart: as many as there is something to show for, within these."""
NEWEST: Final = 6
MOST_COMMON: Final = 6
SHOWN_STATES: Final = ("secured", "low", "medium", "high", "misconfigured", "disconnected", "pending")
SHOWN_RISKS: Final[tuple[tuple[Risk, Tone], ...]] = (
    (Risk.HIGH, "danger"),
    (Risk.MEDIUM, "serious"),
    (Risk.LOW, "warning"),
)


@access.member("dashboard")
def page(request: MemberRequest) -> HttpResponseBase:
    """Draw the dashboard."""
    states = Counter(dict(DeviceState.objects.values_list("state").annotate(count=Count("pk"))))
    unresolved = Threat.objects.filter(status=Threat.Status.OPEN, risk__gte=Risk.LOW)
    by_day = _opened_by_day()
    enforced = enforcement.of(connector_of(request.tenant.id))
    minimum = enforced.minimum or "high"
    context: dict[str, Any] = {
        "steps": next_steps(request.tenant, request.administrator),
        "devices": sum(states.values()) - states["deactivated"],
        "activated": Device.objects.filter(activation_status=Device.Activation.ACTIVATED).count(),
        "open_threats": unresolved.count(),
        "advisories": Threat.objects.filter(status=Threat.Status.OPEN, risk=Risk.ADVISORY).count(),
        "at_risk": f"{reverse('console:threats')}?status=open&risk={AT_RISK}",
        "high": states["high"],
        "would_block": mode.would_block(request.tenant.id, minimum),
        "minimum_label": RISKS[int(Risk[minimum.upper()])].label,
        "enforced": enforced,
        "monitoring": request.tenant.mode == Tenant.Mode.MONITOR,
        "last_report": Device.objects.aggregate(last=Max("last_seen_at"))["last"],
        "donut": _donut(states),
        "lines": _lines(by_day),
        "points": [sum(counts.values()) for counts in by_day.values()],
        "days": len(by_day),
        "worst": unresolved.select_related("device")
        .defer("device__facts")
        .order_by("-risk", "-created_at")[:NEWEST],
        "common": list(_most_common(unresolved)),
        "may_enroll": access.may(request.administrator, "enrollment", "modify"),
    }
    return TemplateResponse(request, "console/dashboard.html", context)


def _donut(states: Counter[str]) -> charts.Donut:
    address = reverse("console:devices")
    return charts.Donut(
        title=_("Fleet risk"),
        unit=_("devices"),
        slices=[
            charts.Slice(
                label=STATES[state].label,
                value=states[state],
                tone=STATES[state].tone,
                href=f"{address}?state={state}",
            )
            for state in SHOWN_STATES
            if states[state]
        ],
    )


def _opened_by_day() -> dict[date, Counter[int]]:
    today = clock.now().date()
    first = Threat.objects.aggregate(first=Min("created_at"))["first"]
    age = (today - first.date()).days + 1 if first else SHORTEST
    length = min(max(age, SHORTEST), LONGEST)
    days: dict[date, Counter[int]] = {
        today - timedelta(days=back): Counter() for back in range(length - 1, -1, -1)
    }
    rows = (
        Threat.objects.filter(created_at__date__gte=today - timedelta(days=length - 1))
        .annotate(day=TruncDate("created_at"))
        .values_list("day", "risk")
        .annotate(count=Count("pk"))
    )
    for day, risk, count in rows:
        if day in days:
            days[day][risk] += count
    return days


def _lines(by_day: dict[date, Counter[int]]) -> charts.Lines:
    return charts.Lines(
        title=_("Threats found per day"),
        axis=[date_format(day, "MONTH_DAY_FORMAT") for day in by_day],
        series=[
            charts.Series(
                name=RISKS[int(risk)].label,
                tone=tone,
                values=[counts[int(risk)] for counts in by_day.values()],
            )
            for risk, tone in SHOWN_RISKS
        ],
        stacked=True,
    )


def _most_common(unresolved: QuerySet[Threat]) -> Iterator[dict[str, Any]]:
    rows = (
        unresolved.values("classification")
        .annotate(phones=Count("device", distinct=True), worst=Max("risk"))
        .order_by("-phones", "classification")[:MOST_COMMON]
    )
    address = reverse("console:threats")
    for row in rows:
        title = words.title_of(row["classification"])
        yield {
            "title": title,
            "phones": row["phones"],
            "risk": row["worst"],
            "href": f"{address}?status=open&q={quote(title)}",
        }
