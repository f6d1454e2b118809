"""`vedette serve`: one uvicorn process on one machine."""

import uvicorn
from django.conf import settings
from django.core.management import call_command

from vedette.foundation import config, database
from vedette.project import assets

GRACE_SECONDS = 5


def run(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Refuses a database login that row-level security would not hold."""
    database.check_login()
    assets.collect(
        settings.STATIC_ROOT, lambda: call_command("collectstatic", interactive=False, verbosity=0)
    )
    uvicorn.run(
        "vedette.project.asgi:application",
        host=host,
        port=port,
        log_level=config.current().log_level.lower(),
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        # The address in front is the proxy's business; only a local one is believed.
        forwarded_allow_ips="127.0.0.1",
    )
