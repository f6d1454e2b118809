"""The tab Rules: what the tenant's own policies at Microsoft make of the states that are written there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.connectors.intune import enforcement, mtd_connectors, readings, rules_read, settings_change
from vedette.connectors.intune.enforcement import Enforcement
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.intune.rule_words import NOTES, PARTNER_STATES, REQUIRED, STATES
from vedette.connectors.intune.rules_fetch import COMPLIANCE, CONNECTORS, RULES
from vedette.connectors.intune.rules_read import Demand, Rule
from vedette.connectors.intune.settings_read import connector_of
from vedette.connectors.intune.tabs import tab_page
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web import badges

LEVELS = {"high": gettext_lazy("High"), "medium": gettext_lazy("Medium"), "low": gettext_lazy("Low")}


class DeclaredForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """What the administrator says where the rules may not be read."""

    class Meta:
        model = IntuneConnector
        fields = ["declared_minimum"]

    declared_minimum = forms.ChoiceField(
        label=gettext_lazy("Our rule blocks from this level up"),
        help_text=gettext_lazy("Used for previews while Vedette may not read the rules itself."),
        required=False,
        choices=[
            ("", gettext_lazy("Not said")),
            ("none", gettext_lazy("There is no such rule yet")),
            *LEVELS.items(),
        ],
    )


@access.member("connectors")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show what enforces, each rule with what deserves a look, compliance policies and other partners."""
    connector = connector_of(request.tenant.id)
    form = DeclaredForm(request.POST or None, instance=connector_of(request.tenant.id))
    if request.method == "POST" and form.is_valid():
        settings_change.save(request.tenant.id, form.cleaned_data, access.actor(request))
        messages.success(request, _("Your changes are saved."))
        return redirect("intune:rules")
    known, demands = readings.known(RULES), readings.known(COMPLIANCE)
    partners = readings.known(CONNECTORS)
    found = mtd_connectors.of(partners.data.get("connectors", []))
    rules = enforcement.rules(connector, known)
    context = {
        "form": form,
        "known": known,
        "can_read": enforcement.can_read(known),
        "summary": _summary(enforcement.of(connector)),
        "rules": [_shown(rule) for rule in rules],
        "others": known.data.get("others", 0) + len(known.data.get("policies", [])) - len(rules),
        "demands_known": demands,
        "demands": [
            _demanded(rules_read.demand(policy, demands.data.get("names", {})))
            for policy in demands.data.get("policies", [])
        ],
        "partners_known": partners,
        "partners": [
            {"row": each, "state": PARTNER_STATES.get(each.state, (each.state, "neutral"))} for each in found
        ],
        "doubled": [
            {"platform": platform, "names": ", ".join(names)}
            for platform, names in mtd_connectors.doubled(found).items()
        ],
    }
    return tab_page(request, "rules", connector, context)


def _summary(found: Enforcement) -> dict[str, Any]:
    """Say in one sentence what enforces."""
    level = str(LEVELS.get(found.minimum, ""))
    words = {"rule": found.rule, "level": level}
    if found.source == enforcement.UNKNOWN:
        return {
            "tone": "info",
            "title": _("Not known"),
            "text": _(
                "Vedette may not read your rules. Grant it on the tab Access, or say below what your rule does."
            ),
        }
    if found.source == enforcement.DECLARED:
        text = (
            _("Declared, not read: your rule blocks from %(level)s up.")
            if found.enforces
            else _("Declared, not read: there is no rule yet.")
        )
        return {
            "tone": "info" if found.enforces else "warning",
            "title": _("As you said"),
            "text": text % words,
        }
    texts = {
        "enabled": ("success", _("Enforced"), _("“%(rule)s” blocks phones from %(level)s up.")),
        "report_only": (
            "warning",
            _("Nothing enforces this yet"),
            _("“%(rule)s” is in report-only: it would block from %(level)s up, and blocks nobody."),
        ),
        "off": (
            "warning",
            _("Nothing enforces this yet"),
            _("“%(rule)s” is off: it would block from %(level)s up."),
        ),
        "none": (
            "warning",
            _("Nothing enforces this yet"),
            _("No conditional-access policy blocks by the value that Vedette writes."),
        ),
    }
    tone, title, text = texts[found.state]
    return {"tone": tone, "title": title, "text": text % words, "closed": found.fail_closed}


def _shown(rule: Rule) -> dict[str, Any]:
    notes = [NOTES[code] for code in rule.notes]
    if rule.unreadable:
        notes.append(_("Vedette cannot read this rule: %(why)s") % {"why": rule.unreadable})
    return {
        "row": rule,
        "state": STATES[rule.state],
        "level": LEVELS.get(rule.minimum, ""),
        "blocked": [badges.STATES[name].label if name else _("no value") for name in rule.blocked],
        "notes": notes,
    }


def _demanded(demand: Demand) -> dict[str, Any]:
    return {
        "row": demand,
        "required": REQUIRED.get(demand.required, ""),
        "level": LEVELS.get(demand.minimum, ""),
    }
