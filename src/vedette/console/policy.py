"""Security Policy: the 49 classifications with their risk level and response (E1), shown before it is saved."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from vedette.compliance import change_policy, defaults, policy_wish
from vedette.compliance.change_policy import BadPolicy
from vedette.compliance.policy_wish import Busy
from vedette.console import export_note, policy_rows
from vedette.console.policy_form import ParametersForm
from vedette.console.words import text_of
from vedette.foundation import database
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.threats.models import PolicyLevel, PolicyParameters, PolicyWish
from vedette.verdict.classifications import CLASSIFICATIONS
from vedette.verdict.risk import Risk
from vedette.web import exports
from vedette.web.badges import RISKS
from vedette.web.confirm import confirm

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
FILE: Final = "policy.csv"
_FIELD: Final = re.compile(r"(risk|response)-([A-Z_]+)")


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the policy; a POST is shown with its consequences first, then saved."""
    if request.method == "POST":
        return _save(request)
    return _draw(request, None)


@access.full("policy")
def reset(request: MemberRequest) -> HttpResponseBase:
    """Set every level back to its default, after showing what that does."""
    group = defaults.default_group(request.tenant.id)
    wanted = _changed(group.pk, policy_rows.DEFAULTS)
    if not wanted:
        messages.info(request, _("Every classification has its default level already."))
        return redirect("console:policy")
    if request.method == "POST":
        return _apply(request, group.pk, change_policy.default_levels())
    preview = change_policy.preview(request.tenant.id, group.pk, wanted)
    return confirm(
        request,
        title=_("Reset to defaults?"),
        body=_("Every risk level and response goes back to its default; open threats are re-rated at once."),
        action=_("Reset"),
        back=reverse("console:policy"),
        facts=[*policy_rows.changes(group.pk, wanted), *policy_rows.consequences(preview)],
        danger=True,
    )


@access.full("policy")
def parameters(request: MemberRequest) -> HttpResponseBase:
    """Save what counts as up to date."""
    group = defaults.default_group(request.tenant.id)
    if request.method != "POST":
        return redirect("console:policy")
    form = ParametersForm(request.POST, instance=_parameters(group.pk))
    if form.is_valid():
        try:
            with database.writer(request.tenant.id):
                change_policy.change_parameters(
                    request.tenant.id, group.pk, actor=access.actor(request), **form.cleaned_data
                )
        except BadPolicy as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. Devices are judged anew from what they last reported."))
            return redirect("console:policy")
    return _draw(request, form)


@access.member("policy", door=False)
def export(request: MemberRequest) -> HttpResponseBase:
    """Hand out the policy as CSV."""
    tenant_id = request.tenant.id
    export_note.note(request, "policy.exported", FILE)

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

    return exports.csv_response(FILE, HEADER, lines)


def _draw(request: MemberRequest, form: ParametersForm | None) -> TemplateResponse:
    group = defaults.default_group(request.tenant.id)
    families = policy_rows.families(group.pk)
    context = {
        "families": families,
        "changed": sum(not row["is_default"] for family in families for row in family["rows"]),
        "risks": [(int(level), RISKS[int(level)].label) for level in sorted(Risk, reverse=True)],
        "parameters": form or ParametersForm(instance=_parameters(group.pk)),
        "may_modify": access.may(request.administrator, "policy", "modify"),
        "wish": policy_wish.current(group.pk),
        "failed": policy_wish.last_failed(group.pk),
    }
    page = TemplateResponse(request, "console/policy.html", context)
    if request.headers.get("HX-Request") and context["wish"] is None:
        # the card that asks how far it is: once it is done, the levels below it are other ones
        page["HX-Refresh"] = "true"
    return page


def _save(request: MemberRequest) -> HttpResponseBase:
    group = defaults.default_group(request.tenant.id)
    try:
        wanted = _changed(group.pk, _posted(request))
        if not wanted:
            messages.info(request, _("Nothing was changed."))
            return redirect("console:policy")
        if request.POST.get("confirmed"):
            return _apply(request, group.pk, wanted)
        preview = change_policy.preview(request.tenant.id, group.pk, wanted)
    except BadPolicy as error:
        messages.error(request, str(error))
        return redirect("console:policy")
    return confirm(
        request,
        title=_("Save this policy?"),
        body=_("Open threats are re-rated at once, and states go to Microsoft if the tenant is armed."),
        action=_("Save"),
        back=reverse("console:policy"),
        facts=[*policy_rows.changes(group.pk, wanted), *policy_rows.consequences(preview)],
        danger=preview.worse > 0,
        hidden=[(f"risk-{code}", str(risk)) for code, (risk, _response) in wanted.items()]
        + [(f"response-{code}", response) for code, (_risk, response) in wanted.items()]
        + [("confirmed", "1")],
    )


def _apply(request: MemberRequest, group_id: UUID, wanted: change_policy.Levels) -> HttpResponseBase:
    try:
        with database.writer(request.tenant.id):
            outcome = policy_wish.ask(request.tenant.id, group_id, wanted, actor=access.actor(request))
    except Busy as error:
        messages.error(request, str(error))
        return redirect("console:policy")
    if isinstance(outcome, PolicyWish):
        messages.success(
            request, _("Saved. It touches so many threats that it is applied in the background.")
        )
    else:
        messages.success(request, policy_rows.saved_words(len(outcome)))
    return redirect("console:policy")


def _posted(request: HttpRequest) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in request.POST.items():
        match = _FIELD.fullmatch(name)
        if match:
            found.setdefault(match[2], {})[match[1]] = str(value)
    return found


def _changed(group_id: UUID, posted: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[int, str]]:
    """Pick what differs from the levels in force. Raises BadPolicy for what does not exist."""
    levels = policy_rows.in_force(group_id)
    wanted = {}
    for code, values in posted.items():
        if code not in levels:
            raise BadPolicy(_("There is no classification %(code)s.") % {"code": code[:80]})
        risk, response = levels[code]
        text = values.get("risk", str(risk))
        if text not in policy_rows.RISK_VALUES:
            raise BadPolicy(_("“%(value)s” is no risk level.") % {"value": text[:80]})
        new = (int(text), values.get("response", response))
        if new[1] not in policy_rows.offered_responses(code) and new[1] != response:
            raise BadPolicy(_("“%(value)s” is no response for this classification.") % {"value": new[1][:80]})
        if new != levels[code]:
            wanted[code] = new
    return wanted


def _parameters(group_id: UUID) -> PolicyParameters:
    return PolicyParameters.objects.get(group_id=group_id)
