"""A person's own page: notifications by e-mail, language, theme."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vedette.tenants import preferences
from vedette.tenants.access import MemberRequest, member
from vedette.tenants.forms import PreferencesForm
from vedette.web import appearance


@member("preferences")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: MemberRequest) -> HttpResponse:
    """Show the settings; save them and say so."""
    person = request.administrator
    form = PreferencesForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(person, name) for name in preferences.FIELDS},
    )
    if form.is_valid():
        preferences.save(person, form.cleaned_data)
        # The words of the page to come are those of the language just chosen.
        with translation.override(person.language or translation.get_language()):
            messages.success(request, _("Your preferences were saved."))
        response = HttpResponseRedirect(reverse("preferences"))
        _remember(response, person.language, person.theme)
        return response
    context = {
        "form": form,
        "person": person,
        "asks": not person.notifications_asked,
        "address": person.email or person.upn,
    }
    return render(request, "tenants/preferences.html", context, status=400 if form.is_bound else 200)


def _remember(response: HttpResponse, language: str, theme: str) -> None:
    """Let the pages before sign-in look the same in this browser."""
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), (appearance.THEME_COOKIE, theme)):
        if value:
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(
                name, value, max_age=appearance.YEAR, secure=secure, httponly=True, samesite="Lax"
            )
        else:
            response.delete_cookie(name, samesite="Lax")
