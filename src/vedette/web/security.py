"""Headers that tell a browser what our pages may do: nothing but our own files.

Sources: W3C Content Security Policy 3; OWASP Secure Headers. No `unsafe-inline` and no `unsafe-eval`: style
and script stand in files, data for charts in JSON blocks, which a policy does not run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseBase

from vedette.foundation import config

YEAR_SECONDS: Final = 31_536_000
FEATURES: Final = (
    "camera",
    "display-capture",
    "geolocation",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)


@lru_cache(maxsize=8)
def policy(sign_in: str) -> str:
    """Return the Content-Security-Policy.

    `sign_in` is the origin of Microsoft's sign-in page: browsers apply `form-action` to where a posted form
    is redirected, and "sign in" and "sign out" are forms that end there.
    """
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": f"'self' {sign_in}".strip(),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def sign_in_origin() -> str:
    """Return scheme and host of the sign-in service of the configuration."""
    parts = urlsplit(config.current().login_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class SecurityHeaders:
    """Middleware, outermost: also static files and error pages carry the headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer and add what the view has not set itself."""
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy(sign_in_origin()))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", ", ".join(f"{name}=()" for name in FEATURES))
        if request.is_secure():
            headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_SECONDS}; includeSubDomains")
        if not headers.get("Cache-Control"):
            # pages show an organisation's phones: no shared or later copy of them
            headers["Cache-Control"] = "no-store"
        return response
