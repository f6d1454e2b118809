"""Django settings, made from the environment by foundation.config (design.md 5)."""

from datetime import timedelta
from pathlib import Path

from vedette.foundation import config as environment

CONFIG = environment.load()

PACKAGE = Path(__file__).resolve().parent.parent
DEBUG = False
SECRET_KEY = CONFIG.secret_key
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
PUBLIC_URL = CONFIG.public_url
CSRF_TRUSTED_ORIGINS = [CONFIG.public_url]
ROOT_URLCONF = "vedette.project.urls"
WSGI_APPLICATION = "vedette.project.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "vedette.web",
    "vedette.events",
    "vedette.tenants",
    "vedette.feeds",
    "vedette.scans",
    "vedette.directory",
    "vedette.devices",
    "vedette.threats",
    "vedette.compliance",
    "vedette.connectors",
    "vedette.connectors.intune",
    "vedette.connectors.partner",
    "vedette.connectors.groups",
    "vedette.connectors.actions",
    "vedette.connectors.mail",
    "vedette.connectors.notifications",
    "vedette.connectors.webhook",
    "vedette.connectors.syslog",
    "vedette.connectors.splunk",
    "vedette.connectors.elastic",
    "vedette.connectors.sentinel",
    "vedette.api",
    "vedette.api.native",
    "vedette.console",
]

MIDDLEWARE = [
    "vedette.web.security.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "vedette.tenants.middleware.TenantDoor",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
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
]

DATABASES = {"default": environment.django_database(CONFIG.database_url)}
# A door is opened by middleware around view and rendering; ATOMIC_REQUESTS would wrap only the view.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_ENGINE = "vedette.tenants.sessions"
SESSION_COOKIE_NAME = "vedette_session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SECURE = CONFIG.public_url.startswith("https:")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "vedette.web.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LANGUAGE_COOKIE_NAME = "vedette_language"
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.home / "static"
STORAGES = {"staticfiles": {"BACKEND": "vedette.web.storage.StaticFiles"}}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = CONFIG.smtp.host
EMAIL_PORT = CONFIG.smtp.port
EMAIL_HOST_USER = CONFIG.smtp.user
EMAIL_HOST_PASSWORD = CONFIG.smtp.password
EMAIL_USE_TLS = CONFIG.smtp.starttls
EMAIL_USE_SSL = CONFIG.smtp.tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = CONFIG.mail_from

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": CONFIG.log_level},
    "loggers": {"httpx": {"level": "WARNING"}, "procrastinate": {"level": "WARNING"}},
}
