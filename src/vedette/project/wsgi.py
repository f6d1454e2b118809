"""Django under WSGI: the console costs a tenth of what it would under ASGI (design.md 3)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vedette.project.settings")
application = get_wsgi_application()
