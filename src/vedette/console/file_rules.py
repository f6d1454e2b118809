"""Security Policy > File rules: the organisation's own YARA rules, by which applications are judged in scans."""

import uuid
from collections.abc import Sequence
from typing import Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from vedette.feeds import file_rules
from vedette.feeds.file_rules import FileRulesError
from vedette.feeds.models import FileRules
from vedette.foundation import database
from vedette.scans import rule_engine
from vedette.scans.child import RuleSource
from vedette.scans.rule_engine import Checked, RuleProblem
from vedette.tenants import access
from vedette.tenants.access import MemberRequest
from vedette.web.confirm import confirm

ENDINGS: Final = (".yar", ".yara", ".txt")
_SHOWN: Final = 8
_WARNINGS: Final = 3


class RulesForm(forms.Form):
    """A set of rules, pasted or uploaded."""

    name = forms.RegexField(
        file_rules.NAME,
        label=gettext_lazy("Name"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Letters, digits, dots, dashes. A set of the same name is replaced."),
        error_messages={"invalid": gettext_lazy("Begin with a letter; then letters, digits, dots, dashes.")},
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ENDINGS)}),
        help_text=gettext_lazy("A YARA file of up to 1 MiB. Or paste its text below."),
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,
        max_length=rule_engine.LARGEST,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "class": "font-monospace"}),
    )

    def source(self) -> RuleSource | None:
        """Give what was handed in; None, with an error on the form, when there is nothing of use."""
        given = self.cleaned_data
        file: UploadedFile | None = given["file"]
        text = given["text"]
        if file is not None:
            if (file.size or 0) > rule_engine.LARGEST:
                self.add_error("file", _("The file is larger than 1 MiB. Split it into several sets."))
                return None
            text = file.read().decode("utf-8", "replace")
        if not text.strip():
            self.add_error("text", _("Paste rules here, or choose a file."))
            return None
        name = given["name"] or _name_of(file)
        if not name:
            self.add_error("name", _("Give the set a name."))
            return None
        return RuleSource(name, text.replace("\r\n", "\n").replace("\0", ""))


def _name_of(file: UploadedFile | None) -> str:
    stem = ((file.name or "") if file else "").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return stem if file_rules.NAME.fullmatch(stem) else ""


@access.member("policy")
def page(request: MemberRequest) -> HttpResponseBase:
    """Show the sets."""
    return _draw(request, RulesForm())


@access.member("policy")
def show(request: MemberRequest, rules_id: uuid.UUID) -> HttpResponseBase:
    """Show a set's text, ready to be changed."""
    row = get_object_or_404(FileRules, pk=rules_id)
    return _draw(request, RulesForm(initial={"name": row.name, "text": row.text}), edited=row)


@access.full("policy", door=False)
def save(request: MemberRequest) -> HttpResponseBase:
    """Compile a set and put it on the shelf; what is wrong with it is told with its lines."""
    if request.method != "POST":
        return redirect("console:file-rules")
    form = RulesForm(request.POST, request.FILES)
    source = form.source() if form.is_valid() else None
    problems: Sequence[RuleProblem] = ()
    if source is not None:
        # outside any door: a hostile text may take its seconds
        checked = rule_engine.check(source)
        if not checked.errors and _saved(request, form, source, checked):
            return redirect("console:file-rules")
        problems = checked.errors
        if problems:
            # the text of a file stands in the form as if it had been typed, so that it can be mended there
            form = RulesForm(initial={"name": source.name, "text": source.text})
    with database.tenant(request.tenant.id):
        return _draw(request, form, problems=problems, status=422).render()


def _saved(request: MemberRequest, form: RulesForm, source: RuleSource, checked: Checked) -> bool:
    try:
        with database.writer(request.tenant.id):
            file_rules.save(source.name, source.text, checked.rules, access.actor(request))
    except FileRulesError as error:
        form.add_error("name", _refusal(error))
        return False
    count = len(checked.rules)
    told = ngettext(
        "%(n)d rule is used from the next scan on.", "%(n)d rules are used from the next scan on.", count
    )
    messages.success(request, told % {"n": count})
    for warning in checked.warnings[:_WARNINGS]:
        messages.warning(
            request, _("Line %(line)d: %(message)s") % {"line": warning.line, "message": warning.message}
        )
    return True


def _refusal(error: FileRulesError) -> str:
    return {
        "many": _("There are %(most)d sets already. Delete one, or put the rules into an existing one.")
        % {"most": file_rules.MOST_SETS},
        "large": _("All sets together would be larger than 4 MiB. Delete what is no longer needed."),
        "gone": _("The set is no longer there."),
    }.get(error.reason, _("Begin with a letter; then letters, digits, dots, dashes."))


@access.full("policy", door=False)
@require_POST
def switch(request: MemberRequest, rules_id: uuid.UUID) -> HttpResponseBase:
    """Use a set, or keep it without using it."""
    on = request.POST.get("on") == "1"
    try:
        with database.writer(request.tenant.id):
            row = file_rules.switch(rules_id, access.actor(request), on=on)
    except FileRulesError as error:
        return HttpResponse(_refusal(error), status=404)
    told = _("“%(name)s” is used in scans.") if on else _("“%(name)s” is no longer used in scans.")
    messages.success(request, told % {"name": row.name})
    return redirect("console:file-rules")


@access.full("policy", door=False)
def delete(request: MemberRequest, rules_id: uuid.UUID) -> HttpResponseBase:
    """Delete a set, after saying what that does."""
    with database.tenant(request.tenant.id):
        row = get_object_or_404(FileRules, pk=rules_id)
    if request.method == "POST":
        try:
            with database.writer(request.tenant.id):
                name = file_rules.delete(rules_id, access.actor(request))
        except FileRulesError as error:
            messages.error(request, _refusal(error))
        else:
            messages.success(request, _("“%(name)s” was deleted.") % {"name": name})
        return redirect("console:file-rules")
    count = len(row.rules)
    body = ngettext(
        "%(n)d rule goes with it and cannot be brought back. Findings of earlier scans stay.",
        "%(n)d rules go with it and cannot be brought back. Findings of earlier scans stay.",
        count,
    )
    return confirm(
        request,
        title=_("Delete the file rules “%(name)s”?") % {"name": row.name},
        body=body % {"n": count},
        action=_("Delete"),
        back=reverse("console:file-rules"),
    )


def _draw(
    request: MemberRequest,
    form: RulesForm,
    *,
    problems: Sequence[RuleProblem] = (),
    edited: FileRules | None = None,
    status: int = 200,
) -> TemplateResponse:
    rows = FileRules.objects.defer("text").order_by("name")
    context = {
        "sets": [(row, row.rules[:_SHOWN], max(0, len(row.rules) - _SHOWN)) for row in rows],
        "form": form,
        "problems": problems,
        "edited": edited,
        "may_modify": access.may(request.administrator, "policy", "modify"),
    }
    return TemplateResponse(request, "console/file_rules.html", context, status=status)
