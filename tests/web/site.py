"""The page kit alone, as a process of its own: style guide, error pages, static files; no database.

python -m tests.web.site PORT      (0: a free port; the address is printed on the first line)
"""

from __future__ import annotations

import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

import vedette
from vedette.web import navigation

LOCALE = Path(vedette.__file__).parent / "locale"


def configure() -> None:
    settings.configure(
        DEBUG=False,
        SECRET_KEY="made-up for the style guide alone",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django_htmx",
            "vedette.web",
        ],
        MIDDLEWARE=[
            "vedette.web.security.SecurityHeaders",
            "whitenoise.middleware.WhiteNoiseMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
        CSRF_FAILURE_VIEW="vedette.web.errors.csrf_failure",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                        "vedette.web.context.page",
                    ],
                    "builtins": [
                        "django.templatetags.i18n",
                        "django.templatetags.static",
                        "vedette.web.templatetags.vedette",
                    ],
                },
            }
        ],
        LANGUAGES=[("en", "English"), ("fr", "Français")],
        LANGUAGE_COOKIE_NAME="vedette_language",
        LOCALE_PATHS=[LOCALE],
        STATIC_URL="/static/",
        WHITENOISE_USE_FINDERS=True,
        WHITENOISE_AUTOREFRESH=True,
        SESSION_COOKIE_SECURE=False,
        USE_TZ=True,
    )


def crash(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("made to fail")


def page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


MENU = [entry for section in navigation.MENU for entry in section.entries] + [navigation.PREFERENCES]


def routes() -> list[URLPattern | URLResolver]:
    """Every entry of the menu leads somewhere, under the name it has in the product."""
    names: dict[str, list[str]] = {}
    for entry in MENU:
        space, _colon, name = entry.route.rpartition(":")
        names.setdefault(space, []).append(name)
    return [path("", include(_space(space, inside))) for space, inside in names.items()]


def _space(space: str, names: list[str]) -> tuple[list[URLPattern], str] | list[URLPattern]:
    patterns = [path(f"console/{name}", page, name=name) for name in names]
    return (patterns, space) if space else patterns


urlpatterns = [
    path("", include("vedette.web.urls")),
    *routes(),
    path("sign-out", page, name="sign-out"),
    path("crash", crash),
]
handler400 = "vedette.web.errors.bad_request"
handler403 = "vedette.web.errors.permission_denied"
handler404 = "vedette.web.errors.page_not_found"
handler500 = "vedette.web.errors.server_error"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


def main() -> None:
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - needs the settings made below

    server = make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    sys.modules["tests_web_site"] = sys.modules[__name__]
    configure()
    settings.ROOT_URLCONF = "tests_web_site"
    django.setup()
    main()
