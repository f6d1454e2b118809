"""The Vulnerabilities module: which versions are in use, what they lack, and which phones a flaw concerns."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.template.response import TemplateResponse

from vedette.console import export_note
from vedette.console.vulnerability_profiles import Flaw, flaws, profiles
from vedette.devices.models import Device
from vedette.feeds import tables as systems
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import exports

PER_PAGE: Final = 50
SHOWN_PHONES: Final = 200
FILE: Final = "vulnerabilities.csv"
HEADER: Final = ("cve", "severity", "exploited", "mended_by", "devices", "versions")


@access.member("devices")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show versions and flaws; `q` narrows the flaws by name, `exploited` to those used in attacks."""
    known = systems.current()
    found = profiles(known)
    listed = flaws(found)
    search, only = request.GET.get("q", "").strip()[:40], request.GET.get("exploited") == "1"
    shown = [
        f for f in listed if (not only or f.missing.exploited) and search.lower() in f.missing.cve.lower()
    ]
    context = {
        "known": not known.empty,
        "newest_patch": known.newest_patch,
        "profiles": found,
        "flaws": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "only_exploited": only,
        "total": len(listed),
        "exploited": sum(flaw.missing.exploited for flaw in listed),
        "concerned": sum(p.devices for p in found if p.exploited),
        "unsupported": sum(p.devices for p in found if p.unsupported),
        "uncovered": sum(p.devices for p in found if not p.answer.covered),
    }
    return TemplateResponse(request, "console/vulnerabilities.html", context)


@access.member("devices")
def flaw_page(request: MemberRequest, cve: str) -> HttpResponseBase:
    """Show one flaw and the phones that have it."""
    flaw = next((flaw for flaw in flaws(profiles(systems.current())) if flaw.missing.cve == cve), None)
    if flaw is None:
        raise Http404
    exploited = systems.current().exploited(cve)
    context = {
        "flaw": flaw,
        "since": exploited.since if exploited else None,
        "phones": _phones(flaw),
        "shown": SHOWN_PHONES,
    }
    return TemplateResponse(request, "console/vulnerability.html", context)


@access.member("devices", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the flaws as CSV."""
    tenant_id = request.tenant.id
    export_note.note(request, "device.vulnerabilities_exported", FILE)

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            listed = flaws(profiles(systems.current()))
        for flaw in listed:
            item = flaw.missing
            versions = "; ".join(f"{p.os_version} {p.security_patch or ''}".strip() for p in flaw.profiles)
            yield (
                item.cve,
                item.severity,
                "yes" if item.exploited else "no",
                item.mended_by,
                flaw.devices,
                versions,
            )

    return exports.csv_response(FILE, HEADER, lines)


def _phones(flaw: Flaw) -> list[Device]:
    found: list[Device] = []
    for profile in flaw.profiles:
        rows = profile.phones().select_related("state_row").defer("facts").order_by("display_name", "id")
        found += rows[: SHOWN_PHONES - len(found)]
        if len(found) >= SHOWN_PHONES:
            break
    return found
