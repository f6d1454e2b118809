"""Questions before an act: a page without JavaScript, a dialog with it, from the same address."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from django.template.response import TemplateResponse

from vedette.web.errors import Fact, Text

DIALOG_HEADER = "X-Vedette-Dialog"


def confirm(
    request: HttpRequest,
    *,
    title: Text,
    body: Text,
    action: Text,
    back: str,
    facts: Sequence[Fact] = (),
    danger: bool = False,
    form: object | None = None,
    hidden: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> TemplateResponse:
    """Ask before an act; the answer is a POST to the same address.

    Link to the address with `<a href="…" data-dialog>`: a script fetches it into the page's dialog, and where
    no script runs it opens as a page. `facts` say what will happen (how many phones …), `form` is an optional
    Django form whose fields stand under them, `hidden` are names and values sent along.
    """
    in_dialog = request.headers.get(DIALOG_HEADER) == "1"
    context = {
        "title": title,
        "body": body,
        "action": action,
        "back": back,
        "facts": facts,
        "danger": danger,
        "form": form,
        "hidden": hidden,
        "in_dialog": in_dialog,
    }
    template = "web/partials/confirm.html" if in_dialog else "web/confirm.html"
    return TemplateResponse(request, template, context, status=status)
