"""Security Policy: the 49 classifications with their risk level and response (E1), shown before it is saved."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vedette.compliance import change_policy, defaults
from vedette.compliance.change_policy import BadPolicy, TooLarge
from vedette.console.policy_form import ParametersForm
from vedette.console.words import text_of
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import PolicyLevel, PolicyParameters
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web import exports
from vedette.web.badges import RISKS, STATES
from vedette.web.confirm import confirm

FAMILIES = (
    ("APPLICATION", gettext_lazy("Applications")),
    ("FILE", gettext_lazy("Files")),
    ("OS", gettext_lazy("Operating system")),
    ("CONFIGURATION", gettext_lazy("Device configuration")),
    ("NETWORK", gettext_lazy("Network")),
    ("WEB_CONTENT", gettext_lazy("Web and content")),
)
RESPONSES = {
    "alert": gettext_lazy("Alert device"),
    "silent": gettext_lazy("Don't alert device"),
    "block_and_alert": gettext_lazy("Block and alert device"),
    "warn_and_alert": gettext_lazy("Warn and alert device"),
}
WEB_RESPONSES = frozenset({"block_and_alert", "warn_and_alert"})
HEADER = (
    "classification",
    "title",
    "family",
    "platforms",
    "risk",
    "response",
    "default_risk",
    "default_response",
)
_FIELD = re.compile(r"(risk|response)-([A-Z_]+)")


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the policy; a POST is shown with its consequences first, then saved."""
    group = defaults.default_group(request.tenant.id)
    if request.method == "POST":
        return _save(request)
    context = {
        "families": _families(group.pk),
        "risks": [(int(level), RISKS[int(level)].label) for level in Risk],
        "parameters": ParametersForm(instance=_parameters(group.pk)),
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/policy.html", context)


@access.full("policy")
def reset(request: MemberRequest) -> HttpResponseBase:
    """Set every level back to its default, after showing what that does."""
    group = defaults.default_group(request.tenant.id)
    wanted = {
        code: (int(known.default_risk), known.default_response) for code, known in CLASSIFICATIONS.items()
    }
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                change_policy.reset(request.tenant.id, group.pk, actor=access.actor(request))
        except TooLarge as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Every classification has its default level again."))
        return redirect("console:policy")
    return confirm(
        request,
        title=_("Reset to defaults?"),
        body=_("Every risk level and response goes back to its default; open threats are re-rated at once."),
        action=_("Reset"),
        back=reverse("console:policy"),
        facts=_consequences(change_policy.preview(request.tenant.id, group.pk, wanted)),
        danger=True,
    )


@access.full("policy")
def parameters(request: MemberRequest) -> HttpResponseBase:
    """Save what counts as up to date."""
    group = defaults.default_group(request.tenant.id)
    form = ParametersForm(request.POST or None, instance=_parameters(group.pk))
    if request.method == "POST" and form.is_valid():
        try:
            with database.writer(request.tenant.id):
                change_policy.change_parameters(
                    request.tenant.id, group.pk, actor=access.actor(request), **form.cleaned_data
                )
        except BadPolicy as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved. Devices are judged anew from what they last reported."))
    elif form.errors:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("console:policy")


@access.member("policy", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the policy as CSV."""
    tenant_id = request.tenant.id

    def lines() -> Iterator[Sequence[Any]]:
        with database.tenant(tenant_id):
            group = defaults.default_group(tenant_id)
            levels = {row.classification: row for row in PolicyLevel.objects.filter(group=group)}
        for code, known in CLASSIFICATIONS.items():
            level, words = levels[code], text_of(code)
            yield (
                code, words.title, known.family, "+".join(sorted(known.platforms)), Risk(level.risk).name,
                level.response, known.default_risk.name, known.default_response,
            )  # fmt: skip

    return exports.csv_response("policy.csv", HEADER, lines)


def _save(request: MemberRequest) -> HttpResponseBase:
    group = defaults.default_group(request.tenant.id)
    try:
        wanted = _changed(group.pk, _posted(request))
        if not wanted:
            messages.info(request, _("Nothing was changed."))
            return redirect("console:policy")
        if request.POST.get("confirmed"):
            with database.writer(request.tenant.id):
                changes = change_policy.apply(
                    request.tenant.id, group.pk, wanted, actor=access.actor(request)
                )
            messages.success(
                request, _("Saved. %(count)d devices changed their state by it.") % {"count": len(changes)}
            )
            return redirect("console:policy")
        preview = change_policy.preview(request.tenant.id, group.pk, wanted)
    except (BadPolicy, TooLarge) as error:
        messages.error(request, str(error))
        return redirect("console:policy")
    return confirm(
        request,
        title=_("Save this policy?"),
        body=_("Open threats are re-rated at once, and states go to Microsoft if the tenant is armed."),
        action=_("Save"),
        back=reverse("console:policy"),
        facts=[(_("Classifications changed"), _names(wanted)), *_consequences(preview)],
        danger=preview.worse > 0,
        hidden=[(f"risk-{code}", str(risk)) for code, (risk, _response) in wanted.items()]
        + [(f"response-{code}", response) for code, (_risk, response) in wanted.items()]
        + [("confirmed", "1")],
    )


def _posted(request: HttpRequest) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in request.POST.items():
        match = _FIELD.fullmatch(name)
        if match:
            found.setdefault(match[2], {})[match[1]] = str(value)
    return found


def _changed(group_id: Any, posted: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[int, str]]:
    """Pick what differs from the levels in force. Raises BadPolicy for a code or level that does not exist."""
    levels = {
        row.classification: (row.risk, row.response) for row in PolicyLevel.objects.filter(group_id=group_id)
    }
    wanted = {}
    for code, values in posted.items():
        if code not in levels:
            raise BadPolicy(_("There is no classification %(code)s.") % {"code": code})
        risk, response = levels[code]
        try:
            risk = int(values.get("risk", risk))
        except ValueError as error:
            raise BadPolicy(_("%(value)s is no risk level.") % {"value": values["risk"]}) from error
        new = (risk, values.get("response", response))
        if new != levels[code]:
            wanted[code] = new
    return wanted


def _names(wanted: Mapping[str, object]) -> str:
    return ", ".join(str(text_of(code).title) for code in wanted)


def _consequences(preview: change_policy.Preview) -> list[tuple[Any, object]]:
    facts: list[tuple[Any, object]] = [
        (_("Devices that change state"), preview.devices),
        (_("of them to a worse state"), preview.worse),
        (_("of them to a better state"), preview.better),
    ]
    return facts + [
        (f"{STATES[before].label if before in STATES else before} → {STATES[after].label}", count)
        for (before, after), count in sorted(preview.moves.items())
    ]


def _families(group_id: Any) -> list[dict[str, Any]]:
    levels = {row.classification: row for row in PolicyLevel.objects.filter(group_id=group_id)}
    families = []
    for family, title in FAMILIES:
        rows = []
        for code, known in CLASSIFICATIONS.items():
            if known.family != family:
                continue
            level = levels[code]
            offered = [
                (key, label)
                for key, label in RESPONSES.items()
                if family == "WEB_CONTENT" or key not in WEB_RESPONSES
            ]
            rows.append(
                {
                    "code": code,
                    "words": text_of(code),
                    "platforms": sorted(known.platforms),
                    "level": level,
                    "responses": offered,
                    "response_label": RESPONSES[level.response],
                    "is_default": (level.risk, level.response)
                    == (int(known.default_risk), known.default_response),
                }
            )
        if rows:
            families.append({"key": family, "title": title, "rows": rows})
    return families


def _parameters(group_id: Any) -> PolicyParameters:
    return PolicyParameters.objects.get(group_id=group_id)
