"""Invite a person who may be in no enrollment group yet: looked up live, confirmed, then sent (D3)."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.connectors.intune import membership
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.records import user_record
from vedette.console.enrollment import tab_page
from vedette.devices import invitation_mail, invitations
from vedette.devices.invitations import CannotInvite
from vedette.directory.write import DeviceRecord, UserRecord
from vedette.foundation import database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.foundation.mail import MailError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
# The characters of a userPrincipalName (Graph, resource type user); any other address is looked for as mail only.
SIGN_IN_NAME: Final = re.compile(r"[A-Za-z0-9'._!#^~-]+@[A-Za-z0-9.-]+")
FIELDS: Final = "id,displayName,userPrincipalName,mail,accountEnabled"


class PersonForm(forms.Form):
    """Whom to invite."""

    # RFC 5321, 4.5.3.1: 64 characters, the at sign, 255 characters
    person = forms.CharField(
        label=gettext_lazy("Sign-in name or e-mail address"),
        help_text=gettext_lazy("As Entra has it, for example bo@example.com."),
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_person(self) -> str:
        """Take an address or, from our own question, an object ID; other words name nobody."""
        typed: str = self.cleaned_data["person"]
        if ("@" not in typed and not _is_id(typed)) or any(c.isspace() for c in typed):
            raise forms.ValidationError(_("This is no sign-in name: it looks like name@organisation."))
        return typed


@dataclass(frozen=True)
class _Found:
    """A person as Entra has them now; `phones` are those found if they are in an enrollment group, else None."""

    oid: uuid.UUID
    user: UserRecord
    phones: list[DeviceRecord] | None


@access.full("enrollment", door=False)
def page(request: MemberRequest) -> HttpResponseBase:
    """Ask for a person, show who that is and what will happen, and send the code when that is confirmed."""
    form = PersonForm(request.POST if request.method == "POST" else None)
    found = _look_up(request, form) if form.is_bound and form.is_valid() else None
    if found is None:
        return tab_page(request, "enrollment", "console/enrollment_person.html", {"form": form})
    if not request.POST.get("confirmed"):
        return _question(request, found)
    try:
        with database.writer(request.tenant.id):
            issued = invitations.invite_person(
                request.tenant.id,
                oid=found.oid,
                upn=found.user.upn,
                email=found.user.mail,
                actor=access.actor(request),
            )
        invitation_mail.send(issued)
    except (CannotInvite, MailError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The code is on its way to %(address)s.") % {"address": found.user.mail})
    return redirect("console:invitations")


def _look_up(request: MemberRequest, form: PersonForm) -> _Found | None:
    """Ask Entra who this is and where they belong; None, with the reason in the form, when that gives nobody."""
    graph = Graph(request.tenant.entra_tenant_id, patience=PATIENCE)
    typed = form.cleaned_data["person"]
    try:
        item = _person(graph, typed)
        if item is None:
            form.add_error("person", _unknown(request, typed))
            return None
        user = user_record(item)
        if not user.mail:
            form.add_error(
                "person",
                _(
                    "%(name)s has no e-mail address in Entra, so no code can be sent. Enter one there, then try again."
                )
                % {"name": user.display_name or user.upn},
            )
            return None
        member = membership.ask(request.tenant.id, user.oid)
    except (GraphError, TokenError) as error:
        form.add_error(
            "person",
            _("Microsoft could not be asked: %(why)s %(step)s")
            % {"why": error.explanation, "step": error.next_step},
        )
        return None
    return _Found(user.oid, user, None if member is None else member[1])


def _person(graph: Graph, typed: str) -> Mapping[str, Any] | None:
    """Read a person by object ID or sign-in name, else by e-mail address; None when there is nobody."""
    if _is_id(typed) or SIGN_IN_NAME.fullmatch(typed):
        try:
            return graph.get(f"/users/{quote(typed, safe='')}", select=FIELDS)
        except GraphError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
    if _is_id(typed):
        return None
    quoted = typed.replace("'", "''")
    same_address = graph.get("/users", filter=f"mail eq '{quoted}'", select=FIELDS, top=2).get("value", [])
    # An address that two accounts share says nothing about whose phone it is.
    return same_address[0] if len(same_address) == 1 else None


def _unknown(request: MemberRequest, typed: str) -> str:
    return _(
        "There is no such person in the Entra tenant of %(tenant)s, or several share this address: %(typed)s. "
        "Check the spelling, or copy the user principal name from Entra."
    ) % {"tenant": request.tenant.name, "typed": typed}


def _question(request: MemberRequest, found: _Found) -> HttpResponseBase:
    with database.tenant(request.tenant.id):
        any_group = EnrollmentGroup.objects.exists()
        usable = invitations.usable_of_person(found.oid)
    user = found.user
    facts: list[Fact] = [
        (_("Name"), user.display_name),
        (_("Sign-in name"), user.upn),
        (_("Code goes to"), user.mail),
        (_("In an enrollment group now"), _("No") if found.phones is None else _("Yes")),
    ]
    if found.phones is not None:
        facts.append(
            (_("Their supported phones"), sum(not phone.unsupported_reason for phone in found.phones))
        )
    if usable:
        facts.append((_("Codes they have not used yet"), usable))
    if not user.enabled:
        facts.append((_("Account"), _("Sign-in is blocked in Entra")))
    return confirm(
        request,
        title=_("Invite %(name)s?") % {"name": user.display_name or user.upn},
        body=_consequence(member=found.phones is not None, any_group=any_group),
        action=_("Send the code"),
        back=reverse("console:enrollment"),
        facts=facts,
        hidden=[("person", str(found.oid)), ("confirmed", "1")],
    )


def _consequence(*, member: bool, any_group: bool) -> str:
    if member:
        return _(
            "They get an e-mail with a one-time code, good for four weeks. The app activates the pending phone that "
            "fits; if several fit, you are asked here which one it is."
        )
    waits = _(
        "They get an e-mail with a one-time code, good for four weeks. Until they are in an enrollment group the app "
        "says so and waits; it keeps its identity and is activated at its next opening after they were added."
    )
    if any_group:
        return waits
    return f"{waits} {_('No enrollment group is set up yet: choose one under Connectors.')}"


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
