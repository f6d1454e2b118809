"""Scans: what analysts uploaded, the form to upload more, and the end of each."""

import uuid
from typing import Any, Final, cast

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from vedette.console import scan_links, scan_upload, scan_words
from vedette.console.scan_links import HEAVY
from vedette.console.scan_upload import Handler
from vedette.devices.models import DeviceScan
from vedette.foundation import config, database
from vedette.scans import html_report, intake, kept, stix_report, uploads
from vedette.scans.models import Scan
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

UNPROCESSABLE: Final = 422
COLUMNS = (
    tables.Column(key="file", label=gettext_lazy("File"), order=("file_name",), css="v-cell-main"),
    tables.Column(key="phone", label=gettext_lazy("Phone"), order=("phone",)),
    tables.Column(key="worst", label=gettext_lazy("Worst finding"), order=("worst",)),
    tables.Column(key="findings", label=gettext_lazy("Findings"), order=("findings",)),
    tables.Column(key="status", label=gettext_lazy("Status"), order=("status",)),
    tables.Column(key="uploaded", label=gettext_lazy("Uploaded"), order=("created_at",), css="v-nowrap"),
)
FILTERS = (
    tables.Filter(
        name="status",
        label=gettext_lazy("Status"),
        choices=[(str(status), badge.label) for status, badge in scan_words.STATUSES.items()],
    ),
    tables.Filter(
        name="platform", label=gettext_lazy("Platform"), choices=[("ANDROID", "Android"), ("IOS", "iOS")]
    ),
)


class UploadForm(forms.Form):
    """What is uploaded beside the file, which goes its own way (scan_upload)."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy("One file: a zip archive, a backup, a text or an app."),
        error_messages={"required": gettext_lazy("Choose a file.")},
    )
    password = forms.CharField(
        label=gettext_lazy("Password of the backup"),
        required=False,
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "Only if it is encrypted. It is kept sealed until the file was read, then deleted."
        ),
    )


@access.full("scans")
def page(request: MemberRequest) -> HttpResponseBase:
    """List the scans."""
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-uploaded", search_label=_("Search scans")
    )
    table = tables.page(query, _matching(query))
    return TemplateResponse(request, "console/scans.html", {"table": table, "statuses": scan_words.STATUSES})


def _matching(query: tables.Query) -> QuerySet[Scan]:
    rows = Scan.objects.defer(*HEAVY)
    if query.filters["status"]:
        rows = rows.filter(status=query.filters["status"])
    if query.filters["platform"]:
        rows = rows.filter(platform=query.filters["platform"])
    if query.search:
        named = Q(file_name__icontains=query.search) | Q(phone__icontains=query.search)
        rows = rows.filter(named | Q(created_by__icontains=query.search) | Q(sha256=query.search.lower()))
    return rows


# The check against forged requests reads the form, and with it the file: it comes after the question who asks.
@csrf_exempt
@access.full("scans", door=False)
def new(request: MemberRequest) -> HttpResponseBase:
    """Show the form, or take a file."""
    if request.method != "POST":
        return _form(request, UploadForm())
    try:
        with scan_upload.receiving(request) as handler:
            return csrf_protect(_take)(request, handler)
    except scan_upload.Busy:
        return HttpResponse(
            _("Other uploads are under way. Wait a minute, then upload the file again."),
            status=503,
            headers={"Retry-After": "60"},
            content_type="text/plain; charset=utf-8",
        )


def _take(request: HttpRequest, handler: Handler) -> HttpResponseBase:
    """Take the file in; the form again where that does not go."""
    member = cast("MemberRequest", request)
    form = UploadForm(member.POST, member.FILES)
    received = handler.take()
    sent = member.FILES.get(scan_upload.FIELD)
    name = sent.name if isinstance(sent, UploadedFile) else ""
    problem = _problem(member, handler)
    if problem or received is None or not form.is_valid():
        if received is not None:
            received.discard()
        if problem:
            form.errors.pop("file", None)
            form.add_error("file", problem)
        return _form(member, form, status=UNPROCESSABLE)
    try:
        scan = intake.accept(
            member.tenant.id,
            received,
            name or "",
            access.actor(member),
            password=form.cleaned_data["password"],
        )
    except intake.Refused as refused:
        form.add_error("file", str(refused))
        return _form(member, form, status=UNPROCESSABLE)
    return redirect("console:scan", scan.id)


def _problem(request: MemberRequest, handler: Handler) -> str:
    """Say what went wrong on the way."""
    if handler.problem is not None:
        return intake.refusal_of(handler.problem)
    if scan_upload.LAST_FIELD not in request.POST:
        return _("The connection broke before the file was whole. Nothing of it was kept; upload it again.")
    return ""


def _form(request: MemberRequest, form: UploadForm, *, status: int = 200) -> HttpResponseBase:
    settings = config.current()
    context: dict[str, Any] = {
        "form": form,
        "kinds": scan_words.KINDS,
        "most_megabytes": settings.scan_megabytes,
        "most_bytes": uploads.most_bytes(),
        "days": settings.scan_days,
        "last_field": scan_upload.LAST_FIELD,
    }
    with database.tenant(request.tenant.id):
        return TemplateResponse(request, "console/scan_new.html", context, status=status).render()


@access.full("scans", door=False)
def download(request: MemberRequest, scan_id: uuid.UUID, kind: str) -> HttpResponseBase:
    """Hand out a report: `html`, `json` or `stix`."""
    with database.tenant(request.tenant.id):
        scan = get_object_or_404(Scan, pk=scan_id, status=Scan.Status.DONE)
    content, content_type, ending = _report(scan, kind)
    intake.note_export(request.tenant.id, scan, kind, access.actor(request))
    stem = scan.sha256[:12]
    return HttpResponse(
        content,
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="scan-{stem}.{ending}"',
            # a report that a browser opens after all may run and load nothing
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )


def _report(scan: Scan, kind: str) -> tuple[bytes, str, str]:
    done = kept.from_json(scan.result or {}).scan()
    judged = scan.finished_at or scan.created_at
    if kind == "html":
        return html_report.write(done, judged).encode(), "text/html; charset=utf-8", "html"
    if kind == "stix":
        return stix_report.write(done, judged).encode(), "application/stix+json;version=2.1", "stix.json"
    if kind == "json":
        return kept.as_contract(done), "application/json", "json"
    raise Http404


@access.full("scans", door=False)
def delete(request: MemberRequest, scan_id: uuid.UUID) -> HttpResponseBase:
    """Delete a scan, after asking."""
    with database.tenant(request.tenant.id):
        scan = get_object_or_404(Scan.objects.defer(*HEAVY), pk=scan_id)
        link = DeviceScan.objects.filter(scan=scan).select_related("device").first()
        facts: list[Fact] = [(_("File"), scan.file_name), (_("Findings"), scan.findings)]
        if link is not None:
            facts += [
                (_("Counts for"), link.device.display_name),
                (_("Effect"), scan_links.ends_words(scan_links.resting(link))),
            ]
    if request.method == "POST":
        intake.delete(request.tenant.id, scan_id, access.actor(request))
        messages.success(request, _("The scan of “%(name)s” is deleted.") % {"name": scan.file_name})
        return redirect("console:scans")
    with database.tenant(request.tenant.id):
        return confirm(
            request,
            title=_("Delete this scan?"),
            body=_(
                "Findings, timeline and facts are deleted for good; the file itself is already, once it was read."
            ),
            action=_("Delete"),
            back=reverse("console:scan", args=[scan_id]),
            facts=facts,
            danger=True,
        ).render()
