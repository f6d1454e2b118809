"""Answers to what went wrong: what happened, why, and what to do next, on the plain page."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
Fact = tuple[Text, object]


def explain(
    request: HttpRequest,
    *,
    status: int = 403,
    title: Text,
    reason: Text,
    next_step: Text = "",
    facts: Sequence[Fact] = (),
    action: tuple[Text, str] | None = None,
) -> TemplateResponse:
    """Answer with an explained error.

    `reason` says what happened and why; `next_step` who can mend it and how; `facts` are label and value
    pairs (which tenant, which person, which groups); `action` is label and address of the one button.
    """
    context = {
        "status": status,
        "title": title,
        "reason": reason,
        "next_step": next_step,
        "facts": facts,
        "action": action,
        "tone": "danger" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "warning",
    }
    return TemplateResponse(request, "web/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Handle 400."""
    return explain(
        request,
        status=400,
        title=_("This request could not be read"),
        reason=_("The address or the form that was sent is not one that this service understands."),
        next_step=_("Go back, reload the page and try again."),
        action=(_("To the start page"), "/"),
    ).render()


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Handle 403."""
    return explain(
        request,
        status=403,
        title=_("You do not have access to this page"),
        reason=_("Your access level does not include it."),
        next_step=_("Ask an administrator with full access if you need it."),
        action=(_("To the start page"), "/"),
    ).render()


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Handle 404; the same words whether a thing never existed or belongs to somebody else."""
    return explain(
        request,
        status=404,
        title=_("Nothing is here"),
        reason=_("The page does not exist, or what it showed has been removed."),
        next_step=_("Check the address, or start again from the menu."),
        action=(_("To the start page"), "/"),
    ).render()


def server_error(request: HttpRequest) -> HttpResponse:
    """Handle 500 without context processors: whatever failed must not fail again here."""
    context = {
        "status": 500,
        "title": _("Something went wrong on our side"),
        "reason": _("The service met an error it did not expect. It has been written to the service's log."),
        "next_step": _("Try again in a moment. If it happens again, tell the people who run this service."),
        "action": (_("To the start page"), "/"),
        "tone": "danger",
        "theme": "system",
        "product": "Vedette",
        "path": request.path,
    }
    return HttpResponse(render_to_string("web/error.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Handle a form that did not carry the secret of its page (CSRF_FAILURE_VIEW)."""
    return explain(
        request,
        status=403,
        title=_("This form has expired"),
        reason=_(
            "The form could not be tied to your session: it was open for a long time, you signed in again "
            "meanwhile, or cookies are blocked. Nothing was changed."
        ),
        next_step=_("Go back, reload the page and send the form again."),
        facts=[(_("Detail"), reason)] if reason else (),
        action=(_("To the start page"), "/"),
    ).render()
