"""One scan: how far it is, what was found, when what happened, what was not read."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from vedette.console import apk_words, scan_words, words
from vedette.console.threat_story import Row, rows_of
from vedette.devices.models import DeviceScan
from vedette.foundation import clock
from vedette.scans import intake, kept
from vedette.scans.kept import Kept
from vedette.scans.models import Scan
from vedette.scans.result import Scan as Judged
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.verdict.findings import Finding

PATIENCE: Final = timedelta(minutes=2)
"""So long a scan may wait for its turn although none is before it: other organisations' may be."""
SHOWN: Final = 200
"""Moments and unread parts on the page; the reports hold all that are kept."""


@dataclass(frozen=True)
class Line:
    """A finding as the page shows it."""

    title: str
    summary: str
    risk: int
    evidence: Sequence[Row]
    mend: str
    family: str


@access.full("scans")
def page(request: MemberRequest, scan_id: uuid.UUID) -> HttpResponseBase:
    """Show one scan; while it is under way the page asks again by itself."""
    scan = get_object_or_404(Scan.objects.defer("sealed_password"), pk=scan_id)
    context: dict[str, Any] = {
        "scan": scan,
        "badge": scan_words.STATUSES[scan.status],
        "under_way": scan.status in intake.UNDER_WAY,
        "kinds": scan_words.KINDS,
    }
    if scan.status == Scan.Status.DONE and scan.result:
        context |= _told(scan, kept.from_json(scan.result))
    elif scan.status == Scan.Status.FAILED:
        context["failure"], context["advice"] = scan_words.FAILURES[scan.failure]
    else:
        context["steps"] = _steps(scan)
        context["waits_before"] = _before(scan)
        late = clock.now() - scan.created_at > PATIENCE
        context["nobody_came"] = late and scan.status == Scan.Status.WAITING and not context["waits_before"]
    return TemplateResponse(request, "console/scan.html", context)


def _steps(scan: Scan) -> list[dict[str, str]]:
    """The way of a scan, with where it is now."""
    names = [_("Uploaded"), _("Waiting for its turn"), _("Being read"), _("Being judged")]
    at = 1 if scan.status == Scan.Status.WAITING else 3 if scan.phase == Scan.Phase.JUDGING else 2
    states = ["done" if i < at else "current" if i == at else "waiting" for i in range(len(names))]
    entries = [{"title": name, "state": state} for name, state in zip(names, states, strict=True)]
    if scan.started_at and at > 1:
        seconds = max(0, int((clock.now() - scan.started_at).total_seconds()))
        entries[at]["text"] = _("for %(seconds)d s; five minutes at most") % {"seconds": seconds}
    return entries


def _before(scan: Scan) -> int:
    """How many of the organisation's own wait before this one."""
    if scan.status != Scan.Status.WAITING:
        return 0
    rows = Scan.objects.filter(status__in=intake.UNDER_WAY, created_at__lt=scan.created_at)
    return rows.count()


def _told(scan: Scan, value: Kept) -> dict[str, Any]:
    judged = value.scan()
    link = DeviceScan.objects.filter(scan=scan).select_related("device").first()
    return {
        "link": link,
        "link_counts": link is not None and link.expires_at > clock.now(),
        "can_attach": value.facts is not None or any(map(kept.is_trace, value.findings)),
        "lines": [_line(finding, judged) for finding in value.findings],
        "timeline": value.timeline[-SHOWN:][::-1],
        "timeline_total": value.cut.get("timeline", len(value.timeline)),
        "unread": value.unread[:SHOWN],
        "unread_total": value.cut.get("unread", len(value.unread)),
        "findings_total": value.cut.get("findings", len(value.findings)),
        "facts": _facts(scan, value),
        "sources": value.sources,
    }


def _line(finding: Finding, judged: Judged) -> Line:
    known = words.known_text(finding.classification)
    return Line(
        title=words.title_of(finding.classification),
        summary=words.sentence_of(finding),
        risk=int(judged.risk(finding)),
        evidence=rows_of(finding.evidence, finding.source or ""),
        mend=finding.mend or (known.mend if known else ""),
        family=finding.family,
    )


def _facts(scan: Scan, value: Kept) -> list[tuple[str, object]]:
    """A summary of what is known of the phone."""
    found: list[tuple[str, object]] = [(_("Read as"), scan_words.kind_words(value.kind))]
    found += [*apk_words.rows(value.apks), *apk_words.ios_rows(value.ipas)]
    if value.facts is not None:
        device, apps, settings = value.facts.device, value.facts.apps, value.facts.settings
        system = {"ANDROID": "Android", "IOS": "iOS"}[device.platform]
        found += [
            (_("Phone"), scan.phone or _("not told")),
            (_("System"), f"{system} {device.os_version}".strip()),
            (_("Security patch"), device.security_patch or _("not told")),
            (_("Applications"), len(apps) if apps is not None else _("not collected")),
        ]
        if settings is not None and settings.verified_boot:
            found.append((_("Verified boot"), settings.verified_boot))
    if scan.collected_at:
        found.append((_("Newest thing in it"), scan.collected_at))
    found.append((_("Compared with"), ", ".join(value.sources) or _("no feed: none is loaded")))
    return found
