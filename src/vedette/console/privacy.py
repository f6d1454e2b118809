"""Security Policy > Privacy: what is collected of phones, made from the schema of their reports, and the choices."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from vedette.compliance.minimise import ABOUT_APPLICATIONS
from vedette.devices import privacy
from vedette.devices.models import Device
from vedette.devices.privacy import OWNERS, Owner, Privacy
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import Threat
from vedette.web.confirm import confirm
from vedette_facts.collected import NEVER, Fate, Group, groups

OWNER_NAMES: Final[dict[Owner, Promise]] = {
    "company": gettext_lazy("Phones of the organisation"),
    "personal": gettext_lazy("Personal phones"),
    "unknown": gettext_lazy("Phones of unknown owner"),
}
CHOICES: Final = (
    ("kept", gettext_lazy("Keep the list of applications")),
    ("matched", gettext_lazy("Match it, then drop it")),
    ("none", gettext_lazy("Do not collect it")),
)
FATES: Final[dict[Fate, tuple[Promise, str]]] = {
    "kept": (gettext_lazy("kept"), "info"),
    "matched": (gettext_lazy("matched, then dropped"), "success"),
    "none": (gettext_lazy("not collected"), "success"),
    "hashed": (gettext_lazy("as a hash"), "success"),
}


class PrivacyForm(forms.Form):
    """What becomes of applications, by owner, and whether networks are named."""

    company = forms.ChoiceField(label=gettext_lazy("Phones of the organisation"), choices=CHOICES)
    personal = forms.ChoiceField(label=gettext_lazy("Personal phones"), choices=CHOICES)
    unknown = forms.ChoiceField(
        label=gettext_lazy("Phones of unknown owner"),
        choices=CHOICES,
        help_text=gettext_lazy("Those that Intune does not manage: often personal ones."),
    )
    network_names = forms.BooleanField(
        label=gettext_lazy("Let phones send the names of Wi-Fi networks"),
        required=False,
        help_text=gettext_lazy(
            "Otherwise only a hash comes, by which a network is recognised and not known."
        ),
    )


@dataclass(frozen=True)
class Line:
    """Fields of one group that share their fate: what they are, and what becomes of them for each owner."""

    fields: tuple[str, ...]
    fates: tuple[tuple[Promise, str], ...]


@dataclass(frozen=True)
class Part:
    """One group of what is collected, in the reader's language."""

    title: str
    why: str
    lines: tuple[Line, ...]


@access.member("policy", door=False)
def page(request: MemberRequest) -> HttpResponseBase:
    """Show what is collected; a POST of full access is shown with its consequences, then saved."""
    form = PrivacyForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid() and access.may(request.administrator, "policy", "modify"):
        return _save(request, Privacy(**form.cleaned_data))
    with database.tenant(request.tenant.id):
        return _draw(request, form, status=200 if form is None else 422).render()


def _save(request: MemberRequest, wanted: Privacy) -> HttpResponseBase:
    if request.POST.get("confirmed"):
        with database.writer(request.tenant.id):
            changed = privacy.save(request.tenant.id, wanted, access.actor(request))
        if changed:
            messages.success(request, _("Saved. Phones hear of it when they report next."))
        else:
            messages.info(request, _("Nothing was changed."))
        return redirect("console:privacy")
    with database.tenant(request.tenant.id):
        now = privacy.read()
        facts = list(_consequences(now, wanted))
    if now == wanted:
        messages.info(request, _("Nothing was changed."))
        return redirect("console:privacy")
    given: list[tuple[str, str]] = [(owner, getattr(wanted, owner)) for owner in OWNERS]
    given += [("network_names", "on")] if wanted.network_names else []
    return confirm(
        request,
        title=_("Change what is collected?"),
        body=_(
            "What is no longer to be kept is dropped within a minute, also from earlier reports. It cannot be brought "
            "back; phones send it again when it is asked for again. Employees may have to be told: print this page."
        ),
        action=_("Change"),
        back=reverse("console:privacy"),
        facts=facts,
        danger=any(getattr(wanted, owner) == "none" != getattr(now, owner) for owner in OWNERS),
        hidden=[*given, ("confirmed", "1")],
    )


def _consequences(now: Privacy, wanted: Privacy) -> Iterator[tuple[Promise | str, str]]:
    phones = _phones()
    for owner in OWNERS:
        before, after = getattr(now, owner), getattr(wanted, owner)
        if before == after:
            continue
        count, words = phones[owner], str(dict(CHOICES)[after])
        text = ngettext("%(n)d phone: %(choice)s", "%(n)d phones: %(choice)s", count)
        yield OWNER_NAMES[owner], text % {"n": count, "choice": words}
        if after == "none" and (threats := _threats_in_applications(owner)):
            yield (
                _("Open threats in their applications"),
                ngettext(
                    "%(n)d is closed: nobody looks any more",
                    "%(n)d are closed: nobody looks any more",
                    threats,
                )
                % {"n": threats},
            )
    if now.network_names != wanted.network_names:
        yield _("Names of networks"), _("sent as they are") if wanted.network_names else _("only as a hash")


def _phones() -> dict[Owner, int]:
    rows = Device.objects.exclude(activation_status=Device.Activation.DEACTIVATED)
    counted = rows.values_list("managed_facts__ownership").annotate(count=Count("id"))
    found: dict[Owner, int] = dict.fromkeys(OWNERS, 0)
    for ownership, count in counted:
        found[_owner(ownership)] += count
    return found


def _threats_in_applications(owner: Owner) -> int:
    rows = Threat.objects.filter(status=Threat.Status.OPEN, simulated=False)
    about = (Q(evidence__0__rule__startswith=rule) for rule in ABOUT_APPLICATIONS)
    rows = rows.filter(reduce(or_, about))
    return sum(
        _owner(each) == owner for each in rows.values_list("device__managed_facts__ownership", flat=True)
    )


def _owner(ownership: str | None) -> Owner:
    if ownership == "company":
        return "company"
    return "personal" if ownership == "personal" else "unknown"


def _draw(request: MemberRequest, form: PrivacyForm | None, *, status: int) -> TemplateResponse:
    chosen = privacy.read()
    initial = {name: getattr(chosen, name) for name in privacy.SETTINGS}
    phones = _phones()
    context = {
        "form": form or PrivacyForm(initial=initial),
        "owners": [(OWNER_NAMES[owner], phones[owner]) for owner in OWNERS],
        "parts": [_part(group, chosen) for group in groups()],
        "never": [words.in_language(get_language() or "en") for words in NEVER],
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/privacy.html", context, status=status)


def _part(group: Group, chosen: Privacy) -> Part:
    language = get_language() or "en"
    lines: dict[tuple[Fate, ...], list[str]] = {}
    for field in group.fields:
        fates = tuple(field.fate(chosen.of(owner)) for owner in OWNERS)
        lines.setdefault(fates, []).append(field.words.in_language(language))
    return Part(
        group.title.in_language(language),
        group.why.in_language(language),
        tuple(Line(tuple(names), tuple(FATES[fate] for fate in fates)) for fates, names in lines.items()),
    )
