"""Feeds are looked for when they are due."""

import logging

from vedette.feeds import fetch
from vedette.foundation import jobs

log = logging.getLogger(__name__)


@jobs.periodic(cron="* * * * *")
def fetch_due(timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands the tick's time over
    """Fetch each feed that is due; one that fails does not stop the others, and says so on its page."""
    for name in fetch.due():
        try:
            fetch.fetch(name)
        except fetch.FetchError as error:
            log.warning("Feed %s cannot be fetched: %s", name, error)
        except Exception:
            log.exception("Feed %s cannot be fetched", name)
