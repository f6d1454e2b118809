"""A limit on pages that are open to everybody, with words for people who meet it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vedette.foundation.rates import Buckets, caller
from vedette.web.errors import explain

P = ParamSpec("P")

STRANGERS: Final = Buckets(per_second=5, burst=60)
"""Sign-in, consent and one-time links, together: enough for an office behind one address."""


def limited(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Answer 429 with Retry-After when too many requests come from one address."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        wait = math.ceil(STRANGERS.take(caller(request.META.get("REMOTE_ADDR", ""))))
        if not wait:
            return view(request, *args, **kwargs)
        answer = explain(
            request,
            status=429,
            title=_("Too many attempts from your network"),
            reason=_(
                "More requests to sign in came from your address than people make. Nothing was done with"
                " this one."
            ),
            next_step=ngettext(
                "Wait %(seconds)d second, then reload the page.",
                "Wait %(seconds)d seconds, then reload the page.",
                wait,
            )
            % {"seconds": wait},
        )
        answer["Retry-After"] = str(wait)
        return answer

    return guarded
