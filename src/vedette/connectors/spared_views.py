"""System > Connectors > People left out: emergency accounts and others that no way ever blocks as people."""

import uuid
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.connectors import spared
from vedette.connectors.models import SparedPerson
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)


class PersonForm(forms.Form):
    """Who is left out: typed as Entra shows it, looked up before it is kept."""

    person = forms.CharField(
        label=gettext_lazy("User principal name or object ID"),
        max_length=256,
        help_text=gettext_lazy(
            "For example breakglass@contoso.com. It is looked up in Entra and kept by object ID."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_person(self) -> str:
        """Refuse what cannot be part of an address."""
        typed = str(self.cleaned_data["person"]).strip()
        if "/" in typed or "\0" in typed:
            raise forms.ValidationError(_("That is neither a user principal name nor an object ID."))
        return typed


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """List who is left out."""
    return _page(request, PersonForm())


@access.full("connectors", door=False)
def add(request: MemberRequest) -> HttpResponseBase:
    """Look somebody up and leave them out."""
    if request.method != "POST":
        return redirect("connectors:spared")
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            found = _found(request, str(form.cleaned_data["person"]))
        except GraphError as error:
            gone = error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}
            text = (
                _("Entra knows nobody of this name.")
                if gone
                else _("Microsoft could not be asked: %(error)s")
            )
            form.add_error("person", text if gone else text % {"error": error})
        except TokenError as error:
            form.add_error("person", _("Microsoft could not be asked: %(error)s") % {"error": error})
        else:
            new = spared.add(request.tenant.id, uuid.UUID(found["id"]), *_names(found), access.actor(request))
            text = _("%(name)s is left out.") if new else _("%(name)s is left out already.")
            messages.success(request, text % {"name": _names(found)[0]})
            return redirect("connectors:spared")
    with database.tenant(request.tenant.id):
        answer = _page(request, form)
        answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer.render()


@access.full("connectors")
def remove(request: MemberRequest, person: uuid.UUID) -> HttpResponseBase:
    """Ask, then treat somebody as everybody else."""
    row = SparedPerson.objects.filter(pk=person).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        spared.remove(request.tenant.id, row, access.actor(request))
        messages.success(request, _("%(name)s is treated as everybody else.") % {"name": row.upn})
        return redirect("connectors:spared")
    return confirm(
        request,
        title=_("No longer leave %(name)s out?") % {"name": row.upn},
        body=_(
            "If one of their phones is at risk, they are put into the group of people at risk, which may lock them out "
            "everywhere. Keep emergency accounts left out."
        ),
        action=_("No longer leave out"),
        back=reverse("connectors:spared"),
        danger=True,
    )


def _found(request: MemberRequest, typed: str) -> dict[str, str]:
    graph = Graph(request.tenant.entra_tenant_id, patience=PATIENCE)
    return graph.get(f"/users/{quote(typed)}", select="id,displayName,userPrincipalName")


def _names(found: dict[str, str]) -> tuple[str, str]:
    return found.get("userPrincipalName") or found["id"], found.get("displayName") or ""


def _page(request: MemberRequest, form: PersonForm) -> TemplateResponse:
    context = {"people": SparedPerson.objects.order_by("upn"), "form": form}
    return TemplateResponse(request, "connectors/spared.html", context)
