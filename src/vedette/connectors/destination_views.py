"""System > Connectors > Deliveries: the destinations, one of them, and what is done with it."""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from vedette.connectors import destination_acts, destination_test
from vedette.connectors.destination_acts import NameTakenError, TooManyError, Wish
from vedette.connectors.destination_fields import KEPT
from vedette.connectors.destination_forms import TYPE_LABELS, FilterForm
from vedette.connectors.destination_health import described, health
from vedette.connectors.destination_kinds import KINDS, DestinationForm, Kind
from vedette.connectors.destination_models import DeadLetter, Destination
from vedette.connectors.destination_secrets import opened
from vedette.devices.models import DeviceGroup
from vedette.foundation import database
from vedette.foundation.secrets import SealError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import badges
from vedette.web.confirm import confirm

LETTERS_SHOWN = 5


@access.full("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """List the destinations with their health, and the kinds to add."""
    rows = [health(row) for row in Destination.objects.order_by("name")]
    context = {"rows": rows, "kinds": list(KINDS.values()), "most": destination_acts.MOST}
    return TemplateResponse(request, "connectors/destinations.html", context)


@access.full("connectors")
def destination(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Show one destination: how it stands, what it is told, its newest undelivered events."""
    row = row_of(destination_id)
    letters = DeadLetter.objects.filter(destination=row).order_by("-failed_at")[:LETTERS_SHOWN]
    kind = KINDS[row.kind]
    context = {
        "row": row,
        "health": health(row),
        "kind": kind,
        "filter": _filter(row),
        "encrypted": kind.is_encrypted(row.settings),
        "letters": described(row, list(letters)),
        "needs": f"{kind.name}/needs.html",
        "handout": kind.handout(),
        "replaceable": bool(kind.generated) and kind.generated in _secrets_kept(row),
    }
    return TemplateResponse(request, "connectors/destination.html", context)


@access.full("connectors")
@never_cache
def new(request: MemberRequest, kind: str) -> HttpResponseBase:
    """Ask what a destination shall be, make it, and show the secret made for it, this once."""
    made = KINDS.get(kind)
    if made is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    basics, form = FilterForm(posted), made.form(posted)
    if posted is not None and all([basics.is_valid(), form.is_valid()]):
        try:
            row, secret = destination_acts.create(
                request.tenant.id, kind, _wish(basics, form), access.actor(request)
            )
        except NameTakenError:
            basics.add_error("name", _("Another destination has this name."))
        except TooManyError:
            text = _("There are %(most)d destinations already, as many as one organisation may have.")
            basics.add_error(None, text % {"most": destination_acts.MOST})
        else:
            if secret:
                return _show_secret(request, row, made, secret)
            messages.success(
                request, _("“%(name)s” is told of what happens from now on.") % {"name": row.name}
            )
            return redirect("deliveries:destination", row.pk)
    return _form_page(request, made, basics, form, None)


@access.full("connectors")
@never_cache
def edit(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Change a destination; secrets that are left empty stay."""
    row = row_of(destination_id)
    kind = KINDS[row.kind]
    posted = request.POST if request.method == "POST" else None
    initial = {"name": row.name, "types": row.types, "level": row.level, "groups": row.groups}
    basics = FilterForm(posted, initial=initial)
    form = kind.form(posted, initial=row.settings, kept=_secrets_kept(row))
    if posted is not None and all([basics.is_valid(), form.is_valid()]):
        try:
            secret_made = destination_acts.save(
                request.tenant.id, row.pk, _wish(basics, form), access.actor(request)
            )
        except NameTakenError:
            basics.add_error("name", _("Another destination has this name."))
        else:
            if secret_made:
                return _show_secret(request, row, kind, secret_made)
            messages.success(request, _("Your changes are saved."))
            return redirect("deliveries:destination", row.pk)
    return _form_page(request, kind, basics, form, row)


@require_POST
@access.full("connectors", door=False)
def test(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponse:
    """Send a test event and say what the receiver answered."""
    with database.tenant(request.tenant.id):
        row = row_of(destination_id)
    tried = destination_test.test(row, access.actor(request))
    if tried.trouble is None:
        text = (
            _("The test event arrived. The receiver answered: %(answer)s")
            if tried.answer
            else _(
                "The test event left. Receivers of this kind do not answer: look there whether it arrived."
            )
        )
        messages.success(request, text % {"answer": tried.answer} if tried.answer else text)
    else:
        text = _("The test event did not arrive: %(error)s")
        said = [text % {"error": tried.trouble.message.rstrip(".")}, tried.trouble.explanation.rstrip(".")]
        messages.error(request, ". ".join(part for part in [*said, tried.trouble.next_step] if part))
    return redirect("deliveries:destination", row.pk)


@require_POST
@access.full("connectors")
def on(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponse:
    """Begin to tell a destination again, from where it was switched off."""
    row = row_of(destination_id)
    destination_acts.switch(request.tenant.id, row, access.actor(request), on=True)
    messages.success(request, _("“%(name)s” is on. It is told first of what waits.") % {"name": row.name})
    return redirect("deliveries:destination", row.pk)


@access.full("connectors")
def off(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then cease to tell a destination."""
    row = row_of(destination_id)
    if request.method == "POST":
        destination_acts.switch(request.tenant.id, row, access.actor(request), on=False)
        messages.success(request, _("“%(name)s” is off. Its events wait.") % {"name": row.name})
        return redirect("deliveries:destination", row.pk)
    return confirm(
        request,
        title=_("Switch “%(name)s” off?") % {"name": row.name},
        body=_("It is told of nothing until it is switched on again; then it is told first of what waited."),
        action=_("Switch off"),
        back=reverse("deliveries:destination", args=[row.pk]),
        facts=[(_("Waiting already"), health(row).waiting)],
    )


@access.full("connectors")
def delete(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then delete a destination."""
    row = row_of(destination_id)
    if request.method == "POST":
        destination_acts.remove(request.tenant.id, row, access.actor(request))
        messages.success(request, _("“%(name)s” is deleted.") % {"name": row.name})
        return redirect("deliveries:page")
    found = health(row)
    return confirm(
        request,
        title=_("Delete “%(name)s”?") % {"name": row.name},
        body=_(
            "Its settings, its secrets and its undelivered events go with it, and it is told of nothing more."
            " This cannot be undone."
        ),
        action=_("Delete"),
        back=reverse("deliveries:destination", args=[row.pk]),
        facts=[(_("Waiting"), found.waiting), (_("Undelivered events"), found.dead + found.replaying)],
        danger=True,
    )


@access.full("connectors")
@never_cache
def secret(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then replace the signing secret and show the new one, this once."""
    row = row_of(destination_id)
    kind = KINDS[row.kind]
    if not kind.generated or kind.generated not in _secrets_kept(row):
        raise Http404
    if request.method == "POST":
        made = destination_acts.replace_secret(request.tenant.id, row, access.actor(request))
        return _show_secret(request, row, kind, made)
    return confirm(
        request,
        title=_("Replace the signing secret of “%(name)s”?") % {"name": row.name},
        body=_(
            "The new one is shown once. For 24 hours events are signed with both, so that the receiver can change over."
        ),
        action=_("Replace"),
        back=reverse("deliveries:destination", args=[row.pk]),
    )


@access.full("connectors")
def skip(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then leave out everything that waits."""
    row = row_of(destination_id)
    if request.method == "POST":
        destination_acts.skip(request.tenant.id, row, access.actor(request))
        messages.success(request, _("“%(name)s” is told of what happens from now on.") % {"name": row.name})
        return redirect("deliveries:destination", row.pk)
    count = health(row).waiting
    return confirm(
        request,
        title=_("Leave out what waits for “%(name)s”?") % {"name": row.name},
        body=ngettext(
            "%(count)d event is never told to it. The event itself stays in the log.",
            "%(count)d events are never told to it. The events themselves stay in the log.",
            count,
        )
        % {"count": count},
        action=_("Leave out"),
        back=reverse("deliveries:destination", args=[row.pk]),
        danger=True,
    )


@require_POST
@access.full("connectors")
def now(request: MemberRequest, destination_id: uuid.UUID) -> HttpResponse:
    """Try a failing destination at once."""
    row = row_of(destination_id)
    destination_acts.hurry(request.tenant.id, row, access.actor(request))
    messages.success(request, _("“%(name)s” is tried within seconds.") % {"name": row.name})
    return redirect("deliveries:destination", row.pk)


def row_of(destination_id: uuid.UUID) -> Destination:
    """Return a destination of the open door's tenant. Raises Http404."""
    row = Destination.objects.filter(pk=destination_id, kind__in=KINDS).first()
    if row is None:
        raise Http404
    return row


def _wish(basics: FilterForm, form: DestinationForm) -> Wish:
    given = basics.cleaned_data
    return Wish(
        given["name"], given["types"], given["level"], given["groups"], form.settings(), form.secrets()
    )


def _form_page(
    request: MemberRequest, kind: Kind, basics: FilterForm, form: DestinationForm, row: Destination | None
) -> HttpResponseBase:
    for name in form.kept:
        field = form.fields.get(name)
        if field:
            field.help_text = f"{field.help_text} {KEPT}".strip()
    context = {
        "kind": kind,
        "basics": basics,
        "form": form,
        "row": row,
        "needs": f"{kind.name}/needs.html",
        "handout": kind.handout(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return TemplateResponse(request, "connectors/destination_form.html", context, status=status)


def _show_secret(request: MemberRequest, row: Destination, kind: Kind, secret_made: str) -> HttpResponseBase:
    context = {"row": row, "kind": kind, "secret": secret_made}
    return TemplateResponse(request, "connectors/destination_secret.html", context)


def _secrets_kept(row: Destination) -> frozenset[str]:
    try:
        return frozenset(name for name, value in opened(row).items() if value)
    except SealError:
        return frozenset()


def _filter(row: Destination) -> list[tuple[Any, Any]]:
    names = dict(DeviceGroup.objects.filter(pk__in=row.groups).values_list("pk", "name"))
    chosen = [names.get(uuid.UUID(group), _("a group that was deleted")) for group in row.groups]
    level = badges.risk(row.level).label if row.level else _("All")
    return [
        (_("Events"), " · ".join(str(TYPE_LABELS[name]).partition(":")[0].strip() for name in row.types)),
        (_("From level"), level),
        (_("Device groups"), ", ".join(map(str, chosen)) or _("All")),
    ]
