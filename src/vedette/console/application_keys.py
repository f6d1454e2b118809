"""System > Application keys: make one, see what became of each, end its tokens, revoke it (full access only)."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from vedette.foundation import clock, config, database
from vedette.tenants import access, application_keys
from vedette.tenants.access import MemberRequest
from vedette.tenants.application_keys import SCOPES, AddressError, Scope, Wish
from vedette.tenants.models import ApplicationKey
from vedette.web import tables, times
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

LONGEST_DAYS = 3650
OF_MOBILE_RISK = frozenset({Scope.RISK, Scope.EVENTS, Scope.FEEDS})
COLUMNS = (
    tables.Column(key="label", label=gettext_lazy("Key"), order=("label",), css="v-cell-main"),
    tables.Column(key="scopes", label=gettext_lazy("Scopes")),
    tables.Column(key="status", label=gettext_lazy("Status"), order=("revoked_at", "expires_at")),
    tables.Column(key="used", label=gettext_lazy("Last used"), order=("last_used_at",), css="v-nowrap"),
    tables.Column(key="created", label=gettext_lazy("Created"), order=("created_at",), css="v-nowrap"),
    tables.Column(
        key="actions", label=gettext_lazy("Actions"), css="v-cell-actions text-end", is_silent=True
    ),
)
FILTERS = (
    tables.Filter(
        name="status",
        label=gettext_lazy("Status"),
        choices=[
            ("active", gettext_lazy("Active")),
            ("expired", gettext_lazy("Expired")),
            ("revoked", gettext_lazy("Revoked")),
        ],
    ),
)


class KeyForm(forms.Form):
    """What a new key shall be."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=100,
        help_text=gettext_lazy("Which program uses it, for example “Sentinel” or “SOC stream”."),
        error_messages={"required": gettext_lazy("Name the program that will use it.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do as a client of the Mobile Risk API"),
        choices=[(str(scope), what) for scope, (_name, what) in SCOPES.items() if scope in OF_MOBILE_RISK],
        initial=[str(Scope.RISK), str(Scope.EVENTS)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    native = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do by the native API"),
        choices=[
            (str(scope), what) for scope, (_name, what) in SCOPES.items() if scope not in OF_MOBILE_RISK
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy(
            "Who holds a key that changes something acts without signing in: choose few, and say from where."
        ),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Expires after"),
        required=False,
        initial=365,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text=gettext_lazy("Empty: it never expires. You can revoke it at any time."),
        widget=forms.NumberInput(attrs={"min": 1, "max": LONGEST_DAYS}),
    )
    addresses = forms.CharField(
        label=gettext_lazy("Addresses it may call from"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("IP addresses or networks such as 192.0.2.0/24, one a line. Empty: any."),
    )

    def clean(self) -> dict[str, Any]:
        """Put both groups of scopes together; refuse a key that may do nothing."""
        data = super().clean() or {}
        data["scopes"] = [*data.get("scopes", ()), *data.get("native", ())]
        if not data["scopes"] and not self.errors.keys() & {"scopes", "native"}:
            self.add_error("scopes", _("Choose at least one: a key that may do nothing is no use."))
        return data

    def clean_addresses(self) -> list[str]:
        """Read the list of networks."""
        try:
            return application_keys.read_addresses(self.cleaned_data["addresses"])
        except AddressError as error:
            raise forms.ValidationError(
                _("“%(line)s” is no IP address and no network. Write it as 192.0.2.7 or 192.0.2.0/24."),
                params={"line": error},
            ) from error


@access.full("application_keys")
def page(request: MemberRequest) -> HttpResponseBase:
    """List the keys."""
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-created", search_label=_("Search by label")
    )
    rows = _matching(query.filters["status"])
    if query.search:
        rows = rows.filter(Q(label__icontains=query.search) | Q(prefix__icontains=query.search))
    table = tables.page(query, rows)
    now = clock.now()
    context: dict[str, Any] = {
        "table": table,
        "now": now,
        "lines": {
            row.pk: {
                "status": application_keys.status(row, now),
                "scopes": [name for scope, (name, _what) in SCOPES.items() if scope in row.scopes],
            }
            for row in table.page.object_list
        },
    }
    return TemplateResponse(request, "console/application_keys.html", context)


@access.full("application_keys")
@never_cache
def new(request: MemberRequest) -> HttpResponseBase:
    """Ask what the key shall be; make it and show it, this once."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "console/application_key_new.html", {"form": form}, status=status)
    days = form.cleaned_data["days"]
    wish = Wish(
        label=form.cleaned_data["label"],
        scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
        expires_at=clock.now() + timedelta(days=days) if days else None,
        addresses=form.cleaned_data["addresses"],
    )
    with database.writer(request.tenant.id):
        issued = application_keys.create(wish, access.actor(request))
    context = {"row": issued.row, "key": issued.key, "address": config.current().public_url}
    return TemplateResponse(request, "console/application_key_made.html", context)


@access.full("application_keys")
def revoke(request: MemberRequest, key_id: uuid.UUID) -> HttpResponseBase:
    """Make a key worthless, after asking."""
    row = get_object_or_404(ApplicationKey, pk=key_id)
    if request.method != "POST":
        return confirm(
            request,
            title=_("Revoke this key?"),
            body=_(
                "The program that uses it is refused at once, and its open streams end. "
                "This cannot be undone; make a new key instead."
            ),
            action=_("Revoke"),
            back=reverse("console:application-keys"),
            facts=_facts(row),
            danger=True,
        )
    with database.writer(request.tenant.id):
        revoked = application_keys.revoke(row, access.actor(request))
    if revoked:
        messages.success(request, _("The key “%(label)s” is revoked.") % {"label": row.label})
    else:
        messages.info(request, _("This key was revoked already."))
    return redirect("console:application-keys")


@access.full("application_keys")
def end_tokens(request: MemberRequest, key_id: uuid.UUID) -> HttpResponseBase:
    """Make the tokens that are out worthless, after asking."""
    row = get_object_or_404(ApplicationKey, pk=key_id)
    if request.method != "POST":
        return confirm(
            request,
            title=_("End the tokens of this key?"),
            body=_(
                "Every token that was made with it becomes worthless at once, and open streams reconnect. "
                "The program goes on with a new token; do this when a token, but not the key, may have leaked."
            ),
            action=_("End tokens"),
            back=reverse("console:application-keys"),
            facts=_facts(row),
        )
    with database.writer(request.tenant.id):
        application_keys.end_tokens(row, access.actor(request))
    messages.success(request, _("The tokens of “%(label)s” are worthless now.") % {"label": row.label})
    return redirect("console:application-keys")


def _facts(row: ApplicationKey) -> list[Fact]:
    used = times.exact(row.last_used_at) if row.last_used_at else _("never")
    return [(_("Key"), row.label), (_("Begins with"), row.prefix), (_("Last used"), used)]


def _matching(status: str) -> QuerySet[ApplicationKey]:
    rows, now = ApplicationKey.objects.all(), clock.now()
    if status == "revoked":
        return rows.filter(revoked_at__isnull=False)
    rows = rows.filter(revoked_at=None) if status else rows
    if status == "expired":
        return rows.filter(expires_at__lte=now)
    if status == "active":
        return rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return rows
