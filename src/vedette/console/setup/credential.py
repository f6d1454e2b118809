"""Step 2: with what the application proves itself. Keys and secrets are sealed and never shown again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from vedette.console.setup import steps
from vedette.console.setup.forms import CertificateForm, SecretForm, UploadForm
from vedette.console.setup.overview import show
from vedette.console.setup.place import Place
from vedette.foundation import certificates, config, credential, registration
from vedette.foundation.graph_errors import TokenError
from vedette.foundation.registration import CERTIFICATE, FEDERATED, Registration
from vedette.tenants import drafts
from vedette.tenants.models import AppRegistration

ACCEPTED = "application/x-pem-file"


@require_GET
def page(request: HttpRequest, place: Place) -> HttpResponse:
    """Show the ways, best first, and what is chosen."""
    return _page(request, place, {})


@require_POST
def make(request: HttpRequest, place: Place) -> HttpResponse:
    """Make a key and a certificate here; the public part is downloaded and uploaded in Entra."""
    form = CertificateForm(request.POST)
    if not form.is_valid():
        return _page(request, place, {"make": form}, 400)
    pair = certificates.make(f"Vedette {place.tenant.name}", form.cleaned_data["days"])
    drafts.prove_by_certificate(place.tenant, place.actor, pair)
    messages.success(request, _("The certificate is made. Download it and upload it in Entra."))
    return redirect(place.url("credential"))


@require_POST
def upload(request: HttpRequest, place: Place) -> HttpResponse:
    """Take a certificate and key that exist already."""
    form = UploadForm(request.POST)
    if not form.is_valid():
        return _page(request, place, {"upload": form}, 400)
    drafts.prove_by_certificate(place.tenant, place.actor, form.pair)
    messages.success(request, _("The certificate is taken; its key is sealed."))
    return redirect(place.url("credential"))


@require_POST
def secret(request: HttpRequest, place: Place) -> HttpResponse:
    """Take a client secret and its end."""
    form = SecretForm(request.POST)
    if not form.is_valid():
        return _page(request, place, {"secret": form}, 400)
    drafts.prove_by_secret(
        place.tenant, place.actor, form.cleaned_data["value"], form.cleaned_data["expires"]
    )
    messages.success(request, _("The secret is taken and sealed."))
    return redirect(place.url("test"))


@require_POST
def federation(request: HttpRequest, place: Place) -> HttpResponse:
    """Prove the application by the token that the platform gives this service."""
    if _platform()["problem"]:
        messages.error(request, str(_platform()["problem"]))
        return redirect(place.url("credential"))
    drafts.prove_by_federation(place.tenant, place.actor)
    messages.success(request, _("The platform's own token is used; nothing secret is kept."))
    return redirect(place.url("test"))


@require_GET
def download(request: HttpRequest, place: Place) -> HttpResponse:
    """Give the certificate, the public part, of the draft or of what is in force (`?of=force`)."""
    stage = drafts.IN_FORCE if request.GET.get("of") == "force" else drafts.DRAFT
    row = drafts.find(place.tenant, stage)
    if row is None or row.kind != CERTIFICATE:
        raise Http404
    answer = HttpResponse(row.certificate, content_type=ACCEPTED)
    name = slugify(place.tenant.name) or "vedette"
    answer["Content-Disposition"] = f'attachment; filename="vedette-{name}.cer"'
    return answer


def _page(request: HttpRequest, place: Place, bound: dict[str, Any], status: int = 200) -> HttpResponse:
    draft = drafts.find(place.tenant, drafts.DRAFT)
    if draft is None or draft.client_id is None:
        return redirect(place.url("application" if draft else "overview"))
    context = {
        "draft": draft,
        "steps": steps.entries(place, draft, "credential"),
        "chosen": _chosen(draft),
        "make": bound.get("make") or CertificateForm(),
        "upload": bound.get("upload") or UploadForm(),
        "secret": bound.get("secret") or SecretForm(),
        "opened": next(iter(bound), ""),
        "platform": _platform(),
        "audience": credential.AUDIENCE,
        "actions": {name: place.url(name) for name in ("make", "upload", "secret", "federation", "test")},
    }
    return show(request, place, "credential", context, status)


def _chosen(draft: AppRegistration) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": draft.kind, "ends": draft.secret_expires}
    if draft.kind == CERTIFICATE:
        facts = certificates.facts(draft.certificate)
        found |= {"thumbprint": facts.thumbprint, "ends": facts.ends, "subject": facts.subject}
    return found


def _platform() -> dict[str, Any]:
    """Return what the platform's token says, as it must stand in Entra; or why there is none."""
    file = registration.token_file(config.current())
    used = Registration(client_id="", login_url="", graph_url="", kind=FEDERATED, token_file=file)
    try:
        return {"claims": credential.claims_of(credential.read_token(used)), "problem": ""}
    except TokenError as error:
        return {"claims": None, "problem": str(error)}
