"""Web protection > Lists: denied, allowed and categorised names; adding, importing, removing, taking back."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vedette.console import web_protection, web_protection_words
from vedette.detection.web.categories import LISTED
from vedette.feeds import web_lists, web_names, web_settings
from vedette.feeds.models import ThreatFeed, WebName
from vedette.feeds.web_names import LARGEST_FILE, MOST_AT_ONCE, BadNames, Read
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import tables
from vedette.web.confirm import confirm
from vedette.web.errors import Fact

UNPROCESSABLE: Final = 422
_SHOWN: Final = 5
COLUMNS = (
    tables.Column(key="name", label=gettext_lazy("Name"), order=("name",), css="v-cell-main"),
    tables.Column(key="list", label=gettext_lazy("List"), order=("on_list", "category")),
    tables.Column(key="note", label=gettext_lazy("Why")),
    tables.Column(key="added", label=gettext_lazy("Added"), order=("created_at",), css="v-nowrap"),
    tables.Column(
        key="actions", label=gettext_lazy("Actions"), css="v-cell-actions text-end", is_silent=True
    ),
)
FILTERS = (
    tables.Filter(
        name="list",
        label=gettext_lazy("List"),
        choices=[(str(name), label) for name, label in web_protection_words.SHORT.items()],
    ),
)


class NamesForm(forms.Form):
    """Names for a list, typed or in a file."""

    on_list = forms.ChoiceField(
        label=gettext_lazy("List"),
        choices=[(str(n), label) for n, label in web_protection_words.LISTS.items()],
    )
    category = forms.ChoiceField(label=gettext_lazy("Category, for that list"), required=False)
    names = forms.CharField(
        label=gettext_lazy("Names"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, as you have them: evil.example, hxxps://evil[.]example, lines of a hosts file. Each covers"
            " every name below it."
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("or a file"),
        required=False,
        help_text=gettext_lazy(
            "Text or CSV with the names in the first column, at most 1 MiB and 20,000 names."
        ),
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=500, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "---"), *((name, web_protection.category(name)) for name in LISTED)]

    def clean(self) -> dict[str, Any]:
        """Read the names, from both places."""
        given = super().clean() or {}
        text = given.get("names") or ""
        if upload := given.get("file"):
            if upload.size > LARGEST_FILE:
                raise forms.ValidationError(
                    _("The file is larger than 1 MiB. Use a threat feed for long lists.")
                )
            try:
                text += "\n" + upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError(
                    _("The file is no text in UTF-8. Save it as text or CSV.")
                ) from None
        self.read = web_names.read(text)
        if not self.read.names:
            why = "; ".join(f"{line}: {why}" for line, why in self.read.refused[:_SHOWN])
            raise forms.ValidationError(_("There is no name in it.") + (f" {why}" if why else ""))
        if len(self.read.names) > MOST_AT_ONCE:
            raise forms.ValidationError(
                _("These are more than %(most)d names. Use a threat feed for long lists.")
                % {"most": MOST_AT_ONCE}
            )
        if (given.get("on_list") == WebName.List.CATEGORY) != bool(given.get("category")):
            self.add_error("category", _("Choose a category for a list by category, and for no other."))
        return given


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the names, and the threat feeds beside them."""
    return _draw(request, NamesForm())


@access.full("policy", door=False)
def add(request: MemberRequest) -> HttpResponseBase:
    """Ask with counts, then put names on a list."""
    if request.method != "POST":
        return redirect("console:web-lists")
    form = NamesForm(request.POST, request.FILES)
    tenant_id = request.tenant.id
    if form.is_valid():
        given, found = form.cleaned_data, form.read
        if "confirmed" not in request.POST:
            with database.tenant(tenant_id):
                return _ask(request, given, found).render()
        try:
            added = web_names.add(
                tenant_id,
                given["on_list"],
                found.names,
                access.actor(request),
                category=given["category"],
                note=given["note"],
            )
        except BadNames as error:
            form.add_error(None, str(error))
        else:
            web_lists.forget(tenant_id)
            told = ngettext("%(n)d name is on the list.", "%(n)d names are on the list.", added.new) % {
                "n": added.new
            }
            messages.success(
                request,
                format_html(
                    '{} <a class="alert-link" href="{}">{}</a>',
                    told,
                    reverse("console:web-names-take-back", args=[added.batch]),
                    _("Take it back"),
                )
                if added.new
                else told,
            )
            return redirect("console:web-lists")
    with database.tenant(tenant_id):
        return _draw(request, form, status=UNPROCESSABLE).render()


@access.full("policy", door=False)
def remove(request: MemberRequest, name_id: uuid.UUID) -> HttpResponseBase:
    """Ask, then take a name off its list."""
    with database.tenant(request.tenant.id):
        row = get_object_or_404(WebName, pk=name_id)
    if request.method == "POST":
        try:
            web_names.remove(request.tenant.id, name_id, access.actor(request))
        except BadNames as error:
            messages.error(request, str(error))
        else:
            web_lists.forget(request.tenant.id)
            messages.success(request, _("Removed; phones are judged by it within seconds."))
        return redirect("console:web-lists")
    body = (
        _("What feeds and signs say about it counts again; phones may be kept from it then.")
        if row.on_list == WebName.List.ALLOW
        else _("Phones reach it again, unless something else speaks against it.")
    )
    return confirm(
        request,
        title=_("Remove %(name)s from the list?") % {"name": row.name},
        body=body,
        action=_("Remove"),
        back=reverse("console:web-lists"),
        danger=row.on_list != WebName.List.ALLOW,
    )


@access.full("policy", door=False)
def take_back(request: MemberRequest, batch: uuid.UUID) -> HttpResponseBase:
    """Ask with the count, then take away what was added together."""
    if request.method == "POST":
        try:
            count = web_names.take_back(request.tenant.id, batch, access.actor(request))
        except BadNames as error:
            messages.error(request, str(error))
        else:
            web_lists.forget(request.tenant.id)
            messages.success(
                request,
                ngettext("%(n)d name was taken back.", "%(n)d names were taken back.", count) % {"n": count},
            )
        return redirect("console:web-lists")
    with database.tenant(request.tenant.id):
        names = list(WebName.objects.filter(batch=batch).order_by("name").values_list("name", flat=True))
    if not names:
        messages.info(request, _("These names are on no list any more."))
        return redirect("console:web-lists")
    return confirm(
        request,
        title=_("Take these names back?"),
        body=_("They were added together, and go together."),
        action=_("Take back"),
        back=reverse("console:web-lists"),
        facts=[(_("Names"), len(names)), (_("Such as"), ", ".join(names[:_SHOWN]))],
    )


def _ask(request: MemberRequest, given: dict[str, Any], found: Read) -> TemplateResponse:
    """Say what the addition amounts to; inside the tenant's door."""
    on_list = given["on_list"]
    there = WebName.objects.filter(name__in=found.names).values_list("name", "on_list")
    already = sum(where == on_list for _name, where in there)
    other = [name for name, where in there if where != on_list]
    facts: list[Fact] = [
        (_("List"), str(web_protection_words.LISTS[on_list])),
        (_("New names"), len(found.names) - already),
        (_("On the list already"), already),
    ]
    if other:
        facts.append((_("On another list, too (allowed wins)"), _some(other)))
    risky = web_names.needed(found.names, web_settings.current().own_domains)
    if risky and on_list != WebName.List.ALLOW:
        facts.append((_("Phones need these to work or to sign in"), _some(risky)))
    if found.refused:
        facts.append(
            (
                _("Lines that are left out"),
                f"{len(found.refused)}: {_some([f'{a} ({b})' for a, b in found.refused])}",
            )
        )
    return confirm(
        request,
        title=ngettext("Put %(n)d name on the list?", "Put %(n)d names on the list?", len(found.names))
        % {"n": len(found.names)},
        body=_(
            "Each covers every name below it. Phones are judged by it within seconds, and it can be taken back."
        ),
        action=_("Put on the list"),
        back=reverse("console:web-lists"),
        facts=facts,
        danger=bool(risky) and on_list != WebName.List.ALLOW,
        hidden=[
            *((name, given[name]) for name in ("on_list", "category", "note")),
            ("names", "\n".join(found.names)),
            ("confirmed", "1"),
        ],
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _draw(request: MemberRequest, form: NamesForm, *, status: int = 200) -> TemplateResponse:
    query = tables.read(
        request, columns=COLUMNS, filters=FILTERS, default_sort="-added", search_label=_("Search names")
    )
    rows = WebName.objects.all()
    if query.search:
        rows = rows.filter(name__icontains=query.search)
    if chosen := query.filters["list"]:
        rows = rows.filter(on_list=chosen)
    context = {
        **web_protection.tabs("lists"),
        "table": tables.page(query, rows),
        "lists": web_protection_words.SHORT,
        "feeds": ThreatFeed.objects.order_by("title"),
        "form": form,
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/web_lists.html", context, status=status)
