"""Why is my phone not here, pending or blocked? One answer for any person or device (issue of the directory).

What is known here is looked through first; whom it does not know is asked of Entra, live, outside any transaction.
"""

from typing import Any, Final

from django.http import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from vedette.connectors.intune import whereabouts
from vedette.connectors.intune.models import EnrollmentGroup
from vedette.connectors.intune.settings_read import connector_of, limits
from vedette.connectors.intune.whereabouts import Asked
from vedette.console import why_known, why_live
from vedette.console.why_answers import Answer
from vedette.directory import read
from vedette.foundation import clock, database
from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.tenants import access
from vedette.tenants.access import MemberRequest

# Somebody waits for the page.
PATIENCE: Final = Patience(attempts=2, seconds=8.0)
LONGEST: Final = 120
FEWEST_LETTERS: Final = 3


@require_GET
@access.member("devices", door=False)
def page(request: MemberRequest) -> HttpResponseBase:
    """Answer for the words of `q`; `live=1` asks Entra even when somebody here fits them."""
    words = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST]
    may_ask = access.may(request.administrator, "enrollment", "view")
    context: dict[str, Any] = {"words": words, "may_ask": may_ask}
    if len(words) < FEWEST_LETTERS:
        context["too_short"] = bool(words)
        return TemplateResponse(request, "console/why.html", context | _standing(request))
    with database.tenant(request.tenant.id):
        answers, more = why_known.answers(request.tenant, words)
    context |= {"more": more, "asked": False}
    if may_ask and (not answers or request.GET.get("live")):
        context |= _live(request, words, answers)
    context["answers"] = answers
    return TemplateResponse(request, "console/why.html", context | _standing(request))


def _live(request: MemberRequest, words: str, answers: list[Answer]) -> dict[str, Any]:
    """Ask Entra and add to the answers."""
    tenant_id = request.tenant.id
    with database.tenant(tenant_id):
        groups = list(EnrollmentGroup.objects.values_list("object_id", "include_nested"))
        asked = Asked(groups, limits(connector_of(tenant_id)), clock.now())
    try:
        graph = Graph(request.tenant.entra_tenant_id, patience=PATIENCE)
        found = whereabouts.look(graph, words, asked)
    except (GraphError, TokenError) as error:
        trouble = _("Microsoft could not be asked: %(why)s %(step)s") % {
            "why": error.explanation,
            "step": error.next_step,
        }
        return {"trouble": trouble}
    with database.tenant(tenant_id):
        answers += why_live.answers(found, has_groups=bool(groups))
    return {"asked": True, "more": found.more}


def _standing(request: MemberRequest) -> dict[str, Any]:
    """When the directory was last read: nothing here is newer."""
    with database.tenant(request.tenant.id):
        last, complete = read.last_pass(), read.last_complete_pass()
        counts = read.counts()
    return {
        "read_at": complete.finished_at if complete else None,
        "failed": last is not None and bool(last.error_code),
        "counts": counts,
    }
