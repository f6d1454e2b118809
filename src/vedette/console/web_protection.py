"""Security Policy > Web protection: what phones met, an address to try, and how web content is judged."""

import re
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from vedette.compliance.models import WebEncounter
from vedette.console import web_protection_words, words
from vedette.detection.web import WebVerdict, judge_url
from vedette.devices.models import Device, ResolverAddress
from vedette.feeds import web_lists, web_settings
from vedette.feeds.web_settings import MOST_OPEN_HOURS, MOST_PAUSE_MINUTES, BadSetting
from vedette.foundation import clock, database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.verdict.summaries import summary_in
from vedette.web import tables
from vedette.web.confirm import confirm

LONGEST: Final = 2000
UNPROCESSABLE: Final = 422
TONES: Final = {
    "blocked": ("danger", "ban"),
    "suspicious": ("warning", "alert-triangle"),
    "clean": ("neutral", "circle-dashed"),
    "allowed": ("success", "circle-check"),
}
COLUMNS = (
    tables.Column(key="subject", label=gettext_lazy("Address"), order=("subject",), css="v-cell-main"),
    tables.Column(key="verdict", label=gettext_lazy("Verdict"), order=("outcome",)),
    tables.Column(key="phone", label=gettext_lazy("Phone")),
    tables.Column(key="times", label=gettext_lazy("Times"), order=("times",)),
    tables.Column(key="last", label=gettext_lazy("Last met"), order=("last_at",), css="v-nowrap"),
)
FILTERS = (
    tables.Filter(
        name="outcome",
        label=gettext_lazy("Verdict"),
        choices=[(name, web_protection_words.OUTCOMES[name]) for name in ("blocked", "suspicious")],
    ),
)


class NamesField(forms.CharField):
    """Several words or names, one a line or with commas between them."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: Any) -> list[str]:
        """Split into words."""
        return [word for word in re.split(r"[\s,;]+", super().clean(value)) if word]

    def prepare_value(self, value: Any) -> Any:
        """Show one a line."""
        return "\n".join(value) if isinstance(value, list) else value


class SettingsForm(forms.Form):
    """How web content is judged."""

    on = forms.BooleanField(
        label=gettext_lazy("Web protection is on"),
        required=False,
        help_text=gettext_lazy(
            "Off: names are answered unjudged, and nothing is kept of links that an app checks."
        ),
    )
    block_suspicious = forms.BooleanField(
        label=gettext_lazy("Block what is only suspicious, too"),
        required=False,
        help_text=gettext_lazy("Off: it is told, and let through. Signs can be wrong; lists rarely are."),
    )
    own_domains = NamesField(
        label=gettext_lazy("Your organisation's own domains"),
        required=False,
        help_text=gettext_lazy(
            "One a line. They are never taken for imitations; what imitates them is found by their first word."
        ),
    )
    own_brands = NamesField(
        label=gettext_lazy("Other names that stand for your organisation"),
        required=False,
        help_text=gettext_lazy("As they would stand in a host name: brands, products, 3 to 40 letters."),
    )
    blocked_categories = forms.MultipleChoiceField(
        label=gettext_lazy("Blocked categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Names come into a category by your lists and by feeds; the last four are told by the name itself."
        ),
    )
    open_hours = forms.IntegerField(
        label=gettext_lazy("An encounter counts against the phone for"),
        min_value=0,
        max_value=MOST_OPEN_HOURS,
        help_text=gettext_lazy("0: it is told, and the phone keeps its level. Suspicious ones never count."),
    )
    pause_minutes = forms.IntegerField(
        label=gettext_lazy("A person may pause it for at most"),
        min_value=0,
        max_value=MOST_PAUSE_MINUTES,
        help_text=gettext_lazy("0: not at all."),
    )
    upstream = forms.CharField(
        label=gettext_lazy("Resolver that clean names are asked of"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Like https://dns.example/dns-query, tls://dns.example or an IP address. Empty: the installation's."
        ),
    )
    keep_addresses = forms.BooleanField(
        label=gettext_lazy("Keep whole addresses of blocked pages"),
        required=False,
        help_text=gettext_lazy(
            "Only of the organisation's own phones. Off, and for all others: only the host is kept."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["blocked_categories"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (name, category(name)) for names in web_protection_words.grouped().values() for name in names
        ]


def category(name: str) -> str:
    """Give a category in the reader's language, with a capital letter."""
    told = words.value_words(name, "category")
    return told[:1].upper() + told[1:]


def tabs(active: str) -> dict[str, Any]:
    """Return the tabs of these pages."""
    entries = [
        {
            "key": "overview",
            "label": _("Encounters"),
            "href": reverse("console:web-protection"),
            "icon": "world",
        },
        {"key": "lists", "label": _("Lists"), "href": reverse("console:web-lists"), "icon": "list-check"},
        {
            "key": "settings",
            "label": _("Settings"),
            "href": reverse("console:web-settings"),
            "icon": "adjustments-horizontal",
        },
    ]
    return {"tabs": entries, "active": active}


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show what phones met, and try an address."""
    query = tables.read(
        request,
        columns=COLUMNS,
        filters=FILTERS,
        default_sort="-last",
        search_label=_("Search addresses"),
    )
    rows = WebEncounter.objects.select_related("device").defer("device__facts")
    if query.search:
        rows = rows.filter(subject__icontains=query.search)
    if outcome := query.filters["outcome"]:
        rows = rows.filter(outcome=outcome)
    table = tables.page(query, rows)
    typed = request.GET.get("address", "")[:LONGEST].strip()
    context = {
        **tabs("overview"),
        "table": table,
        "settings": web_settings.current(),
        "phones": Device.objects.filter(web_encounters__isnull=False).distinct().count(),
        "outcomes": web_protection_words.OUTCOMES,
        "ways": web_protection_words.WAYS,
        "tones": TONES,
        "typed": typed,
        "tried": _told(judge_url(typed, web_lists.lists_of(request.tenant.id))) if typed else None,
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/web_protection.html", context)


@access.member("policy", door=False)
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Show how web content is judged, and change it; switching it off asks first."""
    tenant_id = request.tenant.id
    before = web_settings.settings_of(tenant_id)
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(before, name) for name in SettingsForm.base_fields},
    )
    if request.method == "POST" and form.is_valid():
        if before.on and not form.cleaned_data["on"] and "confirmed" not in request.POST:
            return _ask_to_switch_off(request)
        try:
            web_settings.change_settings(tenant_id, form.cleaned_data, access.actor(request))
        except BadSetting as error:
            form.add_error(error.field, str(error))
        else:
            web_lists.forget(tenant_id)
            messages.success(request, _("Saved; phones are judged by it within seconds."))
            return redirect("console:web-settings")
    context = {
        **tabs("settings"),
        "form": form,
        "settings": before,
        "categories": [category(name) for name in before.blocked_categories],
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    with database.tenant(tenant_id):
        status = UNPROCESSABLE if form.errors else 200
        return TemplateResponse(request, "console/web_settings.html", context, status=status).render()


def _ask_to_switch_off(request: MemberRequest) -> HttpResponseBase:
    with database.tenant(request.tenant.id):
        phones = ResolverAddress.objects.count()
        month = clock.now() - timedelta(days=30)
        met = WebEncounter.objects.filter(last_at__gte=month, outcome="blocked").count()
        sent = [
            (name, value)
            for name, values in request.POST.lists()
            if name != "csrfmiddlewaretoken"
            for value in values
        ]
        return confirm(
            request,
            title=_("Switch web protection off?"),
            body=_(
                "From then on phones reach every address, also harmful ones. Threats that are open end by their time."
            ),
            action=_("Switch off"),
            back=reverse("console:web-settings"),
            facts=[
                (_("Phones that ask this service for names"), phones),
                (_("Addresses blocked in 30 days"), met),
            ],
            danger=True,
            hidden=[*sent, ("confirmed", "1")],
        ).render()


def _told(verdict: WebVerdict) -> dict[str, Any]:
    """Put a verdict into words: outcome, what it would be called, the sentence, and each fact behind it."""
    known = words.known_text(verdict.classification)
    return {
        "verdict": verdict,
        "outcome": web_protection_words.OUTCOMES[verdict.outcome],
        "tone": TONES[verdict.outcome],
        "title": known.title if known else "",
        "mend": known.mend if known else "",
        "sentence": summary_in((get_language() or "en")[:2], verdict.reasons) or "",
        "facts": [
            (words.fact_words(fact), words.value_words(value, fact)) for fact, value in _facts(verdict)
        ],
    }


def _facts(verdict: WebVerdict) -> list[tuple[str, str]]:
    return [(item.fact, item.value) for item in verdict.reasons if item.value]
