"""`vedette worker`: everything that is not an answer to a request.

Four kinds of work run side by side in one process: the assessor (reports to states), the publisher (states to
Microsoft), deliveries (events to other systems) and procrastinate's jobs (poll, heartbeat, mail, sweep). Several
workers may run on any number of machines: tenants, states and destinations are claimed in the database.
"""

import asyncio
import importlib
import logging
import signal
import threading
from collections.abc import Callable

from vedette.compliance import assessor
from vedette.connectors import destination_runner, publisher
from vedette.foundation import database, jobs

log = logging.getLogger(__name__)

# Modules whose import registers jobs.
JOB_MODULES = (
    "vedette.tenants.jobs",
    "vedette.compliance.jobs",
    "vedette.compliance.guard_jobs",
    "vedette.compliance.web_jobs",
    "vedette.feeds.jobs",
    "vedette.scans.jobs",
    "vedette.devices.jobs",
    "vedette.connectors.jobs",
    "vedette.connectors.withdrawal_jobs",
    "vedette.connectors.silence_jobs",
    "vedette.connectors.intune.jobs",
    "vedette.connectors.partner.jobs",
    "vedette.connectors.groups.jobs",
    "vedette.connectors.mail.jobs",
    "vedette.connectors.notifications.jobs",
    "vedette.api.native.jobs",
)
STOP_SECONDS = 10


def run() -> int:
    """Work until SIGTERM or SIGINT; return the exit code. A loop that dies takes the process with it."""
    database.check_login()
    for module in JOB_MODULES:
        importlib.import_module(module)
    stop = threading.Event()
    loops = [
        _Loop("assessor", assessor.run, stop),
        _Loop("publisher", publisher.run, stop),
        _Loop("deliveries", destination_runner.run, stop),
    ]
    for loop in loops:
        loop.start()
    asyncio.run(_run_jobs(stop))
    stop.set()
    for loop in loops:
        loop.join(timeout=STOP_SECONDS)
    return 1 if any(loop.failed for loop in loops) else 0


async def _run_jobs(stop: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with jobs.app.open_async():
        worker = asyncio.create_task(jobs.work())
        ended = asyncio.create_task(asyncio.to_thread(stop.wait))
        await asyncio.wait({worker, ended}, return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


class _Loop(threading.Thread):
    """One loop in its thread; a crash is logged and stops the worker, so that its supervisor restarts it."""

    def __init__(self, name: str, target: Callable[[threading.Event], None], stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.failed = False
        self._work = target
        self._stop_event = stop

    def run(self) -> None:
        try:
            self._work(self._stop_event)
        except Exception:
            log.exception("The %s stopped working", self.name)
            self.failed = True
            self._stop_event.set()
