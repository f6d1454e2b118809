"""The living style guide: every component of the kit with invented data, for screenshots and tests.

Served only with DEBUG or in a demo (VEDETTE_DEMO); elsewhere its addresses answer 404.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from vedette.foundation import clock, config
from vedette.web import charts, confirm, errors, tables
from vedette.web.viewer import Banner, Viewer

View = Callable[[HttpRequest], HttpResponse]

PHONES: Final = (
    ("Pixel 9 Pro", "Amélie Tremblay", "ANDROID", "Android 16", "high", 4, 2),
    ("iPhone 17", "Marc Dupont", "IOS", "iOS 26.1", "secured", 0, 9),
    ("Galaxy S25", "Sofia Nguyen", "ANDROID", "Android 15", "medium", 3, 14),
    ("iPad Air", "Jon Park", "IOS", "iPadOS 26.0", "low", 2, 31),
    ("Galaxy XCover 7", "Depot 12", "ANDROID", "Android 14", "disconnected", 0, 46_000),
    ("iPhone 16e", "Léa Martin", "IOS", "iOS 26.1", "pending", 1, 60),
)
COLUMNS: Final = (
    tables.Column(key="device", label=_("Device"), order=("name",), css="v-cell-main"),
    tables.Column(key="state", label=_("State"), order=("state",)),
    tables.Column(key="risk", label=_("Risk"), order=("risk",)),
    tables.Column(key="os", label=_("System")),
    tables.Column(key="seen", label=_("Last seen"), order=("seen",)),
    tables.Column(key="actions", label=_("Actions"), css="v-cell-actions text-end", is_silent=True),
)
FILTERS: Final = (
    tables.Filter(
        name="state", label=_("State"), choices=(("high", _("High risk")), ("secured", _("Secured")))
    ),
    tables.Filter(name="platform", label=_("Platform"), choices=(("ANDROID", "Android"), ("IOS", "iOS"))),
)


class Sample(forms.Form):
    """One field of each kind."""

    heartbeat = forms.IntegerField(
        label=_("Heartbeat frequency"),
        initial=10,
        min_value=1,
        help_text=_("How often the connection is proved."),
    )
    name = forms.CharField(label=_("Group name"), max_length=10)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    platform = forms.ChoiceField(label=_("Platform"), choices=(("a", "Android"), ("i", "iOS")))
    scope = forms.ChoiceField(
        label=_("Scope"),
        choices=(("mdm", _("Intune-enrolled devices")), ("all", _("Every registered device"))),
        widget=forms.RadioSelect,
    )
    sync = forms.BooleanField(
        label=_("Threat status"), required=False, initial=True, help_text=_("Sends risk levels to Microsoft.")
    )


def _only_in_demo(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not (settings.DEBUG or config.current().demo):
            raise Http404
        request.viewer = _viewer()  # type: ignore[attr-defined]  # as the tenants' middleware sets it
        return view(request)

    return guarded


def _viewer() -> Viewer:
    banner = Banner(
        text="Monitor mode: verdicts are computed, nothing is written to Microsoft.",
        tone="warning",
        icon="eye",
        link_text="What would be blocked",
        href="/styleguide",
    )
    return Viewer(
        name="Ada Lindqvist",
        upn="ada@contoso.example",
        tenant_name="Contoso Outdoors",
        access="full",
        badges={"threats": 37},
        banners=(banner,),
    )


@_only_in_demo
def show(request: HttpRequest) -> HttpResponse:
    """Show all components on one page of the console."""
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-seen", search_label=_("Search")
    )
    now = clock.now()
    rows = [
        {
            "name": name,
            "person": person,
            "platform": platform,
            "os": system,
            "state": state,
            "risk": risk,
            "seen": now - timedelta(minutes=ago),
        }
        for name, person, platform, system, state, risk, ago in PHONES * 25
        if query.filters["state"] in {"", state} and query.search.lower() in f"{name} {person}".lower()
    ]
    table = tables.page(query, rows, per_page=6)
    form = Sample(
        {"heartbeat": 10, "name": "far too long a name", "platform": "a", "scope": "mdm", "sync": "on"}
    )
    return TemplateResponse(request, "web/styleguide.html", {**_samples(), "table": table, "form": form})


def _wave(level: int, swing: int, speed: float) -> list[int]:
    return [round(level + swing * math.sin(speed * i) + i % 3) for i in range(30)]


def _samples() -> dict[str, Any]:
    now = clock.now()
    days = [f"{now - timedelta(days=29 - i):%d %b}" for i in range(30)]
    return {
        "states": (
            "pending",
            "secured",
            "low",
            "medium",
            "high",
            "misconfigured",
            "disconnected",
            "deactivated",
        ),
        "more_states": (
            "open",
            "resolved",
            "ignored",
            "available",
            "enabled",
            "unresponsive",
            "error",
            "blocked",
        ),
        "risks": range(5),
        "donut": charts.Donut(
            title=_("Devices by state"),
            unit=_("devices"),
            slices=(
                charts.Slice(label=_("Secured"), value=11_320, tone="success", href="?state=secured"),
                charts.Slice(label=_("Low risk"), value=780, tone="warning"),
                charts.Slice(label=_("Medium risk"), value=290, tone="serious"),
                charts.Slice(label=_("High risk"), value=90, tone="danger", href="?state=high"),
            ),
        ),
        "lines": charts.Lines(
            title=_("Threats detected per day"),
            axis=days,
            series=(
                charts.Series(name=_("High risk"), tone="danger", values=_wave(4, 3, 0.9)),
                charts.Series(name=_("Medium risk"), tone="serious", values=_wave(14, 5, 0.55)),
                charts.Series(name=_("Low risk"), tone="warning", values=_wave(31, 8, 0.35)),
            ),
        ),
        "points": [4, 6, 5, 8, 7, 9, 12, 10, 13, 12, 15, 14],
        "falling": [19, 18, 15, 16, 12, 11, 12, 9, 7, 8, 5, 4],
        "history": (
            {"at": now, "title": "Blocked", "text": "High risk: TROJAN", "icon": "ban", "tone": "danger"},
            {
                "at": now - timedelta(hours=3),
                "title": "Activated",
                "actor": "Amélie Tremblay",
                "icon": "check",
                "tone": "success",
            },
            {"at": now - timedelta(days=2), "title": "Found in Entra", "text": "Group: Mobile workers"},
        ),
        "tab_entries": (
            {"key": "settings", "label": "Connection settings", "href": "?tab=settings"},
            {"key": "enrollment", "label": "Enrollment management", "href": "?tab=enrollment"},
            {"key": "errors", "label": "Errors", "href": "?tab=errors", "badge": 2},
            {"key": "sync", "label": "State sync", "locked": "Create the connector first"},
        ),
        "pairs": (("Tenant", "Contoso Outdoors"), ("Person", "ada@contoso.example"), ("Patch level", None)),
        "steps": (
            {"title": "Consent given", "state": "done"},
            {
                "title": "Connect Intune",
                "state": "current",
                "text": "Save the settings and wait for the first heartbeat.",
                "action": "Open connectors",
                "href": "?",
            },
            {"title": "Make the conditional-access rule", "state": "waiting"},
        ),
        "reasons": ("TROJAN com.example.flashlight is open since 3 hours", "Policy sets TROJAN to High"),
        "recipe": '(device.extensionAttribute7 -eq "mtd:high")',
    }


@_only_in_demo
def ask(request: HttpRequest) -> HttpResponse:
    """Ask before an act, as a page or in the dialog."""
    return confirm.confirm(
        request,
        title=_("Turn threat status off?"),
        body=_("Levels that were written to Microsoft are withdrawn."),
        action=_("Turn off"),
        back="/styleguide",
        facts=[(_("Devices"), 1_204), (_("Would be blocked by a fail-closed rule"), 17)],
        danger=True,
    )


@_only_in_demo
def plain(request: HttpRequest) -> HttpResponse:
    """Show the plain page."""
    return TemplateResponse(request, "web/styleguide_plain.html", {"form": Sample()})


@_only_in_demo
def error(request: HttpRequest) -> HttpResponse:
    """Show an explained error."""
    return errors.explain(
        request,
        status=403,
        title=_("You are signed in, but in none of the groups"),
        reason=_("Your account was recognised, but it is in neither group that may open this console."),
        next_step=_("Ask a full administrator of your organisation to add you to one of the groups."),
        facts=[(_("Tenant"), "Contoso Outdoors"), (_("Person"), "noah@contoso.example")],
        action=(_("Sign in with another account"), "/"),
    )
