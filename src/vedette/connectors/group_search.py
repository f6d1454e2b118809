"""Finding an Entra group by its name on a page: search-as-you-type, and what to say when Microsoft gives no answer."""

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from vedette.connectors import entra_groups
from vedette.foundation.graph import Graph, GraphError, TokenError

LONGEST_SEARCH: Final = 120


def options(request: HttpRequest, graph: Graph) -> TemplateResponse:
    """Answer search-as-you-type (parameter `name`): groups with their object IDs, or why there are none."""
    text = request.GET.get("name", "").replace("\0", "")[:LONGEST_SEARCH]
    context: dict[str, Any] = {"text": text.strip()}
    try:
        context["found"] = entra_groups.search(graph, text)
    except (GraphError, TokenError) as error:
        context["trouble"] = str(error)
    return TemplateResponse(request, "connectors/group_options.html", context)


def trouble(error: GraphError | TokenError) -> str:
    """Say beside the form's field why the chosen group could not be read."""
    if isinstance(error, GraphError) and error.status == HTTPStatus.NOT_FOUND:
        return _("Entra has no group with this object ID any more.")
    return _("Microsoft could not be asked: %(error)s") % {"error": error}
