"""Security Policy > Apps: allow and deny lists, exceptions with an end, and rules on capabilities."""

import uuid
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vedette.compliance import change_apps
from vedette.compliance.change_apps import BadEntry
from vedette.console import words
from vedette.detection.capabilities import CAPABILITIES
from vedette.foundation import clock, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import AppEntry, CapabilityRule, Threat
from vedette.web.confirm import confirm

ACTIONS: Final = {
    AppEntry.Action.DENY: gettext_lazy("Deny: every phone that has it is at risk"),
    AppEntry.Action.ALLOW: gettext_lazy("Allow: it is not reported, whatever feeds say"),
}
SUBJECTS: Final = {
    AppEntry.Subject.PACKAGE: gettext_lazy("Package name or bundle ID (com.example.* for all of a maker)"),
    AppEntry.Subject.SIGNER: gettext_lazy("Signer's certificate (SHA-1 or SHA-256)"),
    AppEntry.Subject.SHA256: gettext_lazy("File (SHA-256)"),
}


def _in_words(capability: str) -> str:
    return words.value_words(capability, "capabilities")


def _choices() -> list[tuple[str, str]]:
    """Capabilities in the reader's language, in its order."""
    return sorted(((name, _in_words(name)) for name in CAPABILITIES), key=lambda pair: pair[1].casefold())


class EntryForm(forms.Form):
    """An application on a list."""

    action = forms.ChoiceField(label=gettext_lazy("What"), choices=list(ACTIONS.items()))
    subject = forms.ChoiceField(label=gettext_lazy("Known by"), choices=list(SUBJECTS.items()))
    value = forms.CharField(label=gettext_lazy("Value"), max_length=255)
    note = forms.CharField(label=gettext_lazy("Why"), max_length=500, required=False)
    days = forms.IntegerField(
        label=gettext_lazy("Ends after"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=gettext_lazy("Leave it empty for an entry without an end."),
    )


class RuleForm(forms.Form):
    """A rule on capabilities."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    all_of = forms.MultipleChoiceField(
        label=gettext_lazy("Can do all of these"),
        choices=_choices,
        widget=forms.CheckboxSelectMultiple,
    )
    none_of = forms.MultipleChoiceField(
        label=gettext_lazy("and none of these"),
        choices=_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    only_side_loaded = forms.BooleanField(
        label=gettext_lazy("Only apps that did not come from a store"), required=False
    )


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show lists and rules."""
    return _draw(request, EntryForm(), RuleForm())


@access.full("policy", door=False)
def add_entry(request: MemberRequest) -> HttpResponseBase:
    """Put an application on a list."""
    form = EntryForm(request.POST or None)
    if request.method != "POST":
        return redirect("console:app-rules")
    if form.is_valid():
        given, days = form.cleaned_data, form.cleaned_data["days"]
        try:
            entry = change_apps.add_entry(
                request.tenant.id,
                action=given["action"],
                subject=given["subject"],
                value=given["value"],
                note=given["note"],
                expires_at=clock.now() + timedelta(days=days) if days else None,
                actor=access.actor(request),
            )
        except BadEntry as error:
            form.add_error("value", str(error))
        else:
            messages.success(
                request, _("%(value)s is on the list; phones are judged anew.") % {"value": entry.value}
            )
            return redirect("console:app-rules")
    with database.tenant(request.tenant.id):
        return _draw(request, form, RuleForm(), status=422).render()


@access.full("policy", door=False)
def remove_entry(request: MemberRequest, entry_id: uuid.UUID) -> HttpResponseBase:
    """Take an application off its list, after saying what that does."""
    with database.tenant(request.tenant.id):
        entry = get_object_or_404(AppEntry, pk=entry_id)
        hit = Threat.objects.filter(
            classification="DENYLISTED_APP",
            status=Threat.Status.OPEN,
            evidence__contains=[{"value": f"{entry.subject} {entry.value}"}],
        ).count()
    if request.method == "POST":
        return _done(
            request, lambda: change_apps.remove_entry(request.tenant.id, entry_id, access.actor(request))
        )
    body = (
        ngettext("%(n)d open threat goes away.", "%(n)d open threats go away.", hit) % {"n": hit}
        if entry.action == AppEntry.Action.DENY
        else _("What feeds and weights say about it counts again; phones that have it may be at risk then.")
    )
    return confirm(
        request,
        title=_("Remove %(value)s from the list?") % {"value": entry.value},
        body=body,
        action=_("Remove"),
        back=reverse("console:app-rules"),
        danger=entry.action == AppEntry.Action.ALLOW,
    )


@access.full("policy", door=False)
def add_rule(request: MemberRequest) -> HttpResponseBase:
    """Add a rule on capabilities."""
    form = RuleForm(request.POST or None)
    if request.method != "POST":
        return redirect("console:app-rules")
    if form.is_valid():
        given = form.cleaned_data
        try:
            change_apps.add_rule(
                request.tenant.id,
                name=given["name"],
                all_of=given["all_of"],
                none_of=given["none_of"],
                only_side_loaded=given["only_side_loaded"],
                actor=access.actor(request),
            )
        except BadEntry as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The rule is in force; phones are judged anew."))
            return redirect("console:app-rules")
    with database.tenant(request.tenant.id):
        return _draw(request, EntryForm(), form, status=422).render()


@access.full("policy", door=False)
def remove_rule(request: MemberRequest, rule_id: uuid.UUID) -> HttpResponseBase:
    """Remove a rule, after saying what that does."""
    with database.tenant(request.tenant.id):
        rule = get_object_or_404(CapabilityRule, pk=rule_id)
        hit = Threat.objects.filter(status=Threat.Status.OPEN, key__startswith=f"rule:{rule.name}:").count()
    if request.method == "POST":
        return _done(
            request, lambda: change_apps.remove_rule(request.tenant.id, rule_id, access.actor(request))
        )
    return confirm(
        request,
        title=_("Remove the rule “%(name)s”?") % {"name": rule.name},
        body=ngettext("%(n)d open threat goes away.", "%(n)d open threats go away.", hit) % {"n": hit},
        action=_("Remove"),
        back=reverse("console:app-rules"),
    )


def _done(request: MemberRequest, act: Any) -> HttpResponseBase:
    try:
        act()
    except BadEntry as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Removed; phones are judged anew."))
    return redirect("console:app-rules")


def _draw(request: MemberRequest, entry: EntryForm, rule: RuleForm, *, status: int = 200) -> TemplateResponse:
    rules = [
        (row, [_in_words(name) for name in row.all_of], [_in_words(name) for name in row.none_of])
        for row in CapabilityRule.objects.order_by("name")
    ]
    context = {
        "entries": AppEntry.objects.order_by("-action", "subject", "value"),
        "rules": rules,
        "entry_form": entry,
        "rule_form": rule,
        "now": clock.now(),
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/app_rules.html", context, status=status)
