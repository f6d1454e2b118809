"""Jobs of tenants (poll, heartbeat, mail, reconcile) on procrastinate: PostgreSQL is the queue.

Never one job per report (design.md 3). A job is added in the transaction of the door that is open, so it
exists exactly when that transaction commits; the worker takes jobs without a door and opens its own.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
from django.db import connection, transaction
from procrastinate import JobContext, PsycopgConnector, exceptions
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django.db_cleanup import DjangoApp
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from procrastinate.tasks import Task, configure_task
from psycopg import sql

from vedette.foundation import config

# A worker that has not been heard of for so long is dead, and what it had begun is begun again.
DEAD_AFTER_SECONDS: Final = 30.0
RECONNECT_SECONDS: Final = 1.0
LOCAL: Final = "default"
READING: Final = "reading"
"""Jobs of one tenant that read much from another system and may take minutes."""
CALLING: Final = "calling"
"""Jobs of one tenant that call another system shortly: a heartbeat, a mail."""
LANES: Final[Mapping[str, int]] = {LOCAL: 4, READING: 12, CALLING: 12}
"""How many jobs of each queue a worker does at a time: those that wait for others hold up none of our own."""


def _address() -> str:
    url = config.current().database_url
    if not url:
        raise config.ConfigError("DATABASE_URL is not set, so there is no queue of jobs.")
    return url


WORKER: Final[WorkerOptions] = {
    "delete_jobs": "successful",
    "update_heartbeat_interval": DEAD_AFTER_SECONDS / 6,
    "stalled_worker_timeout": DEAD_AFTER_SECONDS,
}
app: Final = DjangoApp(
    # the address is asked for when the pool opens: jobs are registered before a database is known
    connector=PsycopgConnector(conninfo=_address, min_size=1, max_size=8),
    worker_defaults=WORKER,
)
# Adds jobs over Django's connection: inside the caller's transaction.
_in_transaction: Final = JobManager(DjangoConnector())


def task(function: Callable[..., None]) -> Task[..., None, Any]:
    """Register a function as a job, named by its module and name; arguments must be JSON."""
    return app.task(name=_name(function))(function)


def task_in(queue: str) -> Callable[[Callable[..., None]], Task[..., None, Any]]:
    """Register a function as `task` does, in a queue of its own (READING, CALLING)."""
    return lambda function: app.task(name=_name(function), queue=queue)(function)


async def work(*, wait: bool = True) -> None:
    """Do jobs of all queues, inside `app.open_async()`, until cancelled; without `wait` until there are none."""
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(sum(LANES.values()) + 2, thread_name_prefix="job")
    )
    async with asyncio.TaskGroup() as lanes:
        for queue, concurrency in LANES.items():
            lanes.create_task(
                # one lane adds what is due by the clock: three would ask for the same rows again and again
                (app if queue == LOCAL else _without_clock()).run_worker_async(
                    queues=[queue],
                    name=queue,
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    wait=wait,
                )
            )


def _without_clock() -> DjangoApp:
    """The same jobs and connections, but nothing that is due by the clock."""
    lane = DjangoApp(connector=app.connector, worker_defaults=WORKER)
    lane.tasks = app.tasks
    return lane


def periodic(*, cron: str) -> Callable[[Callable[[int], None]], Task[..., None, Any]]:
    """Register a function to run at the times of `cron` (a sixth field counts seconds).

    One run at a time; a tick that comes while the last one still waits is left out. The function gets the
    tick's time as a Unix timestamp.
    """

    def register(function: Callable[[int], None]) -> Task[..., None, Any]:
        name = _name(function)
        registered = app.task(name=name, lock=name, queueing_lock=name)(function)
        return app.periodic(cron=cron)(registered)

    return register


def defer(
    job: Task[..., None, Any],
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    seconds: int | None = None,
    **arguments: Any,
) -> bool:
    """Add a job to the queue, in `seconds` from now if given; tell whether it was added.

    Jobs of one `lock` run one at a time, in order. A job is left out while one with the same `queueing_lock`
    waits; without one it is the job's name with its `lock`.
    """
    waiting = queueing_lock or (f"{job.name}:{lock}" if lock else None)
    deferrer = configure_task(
        name=job.name,
        queue=job.queue,
        job_manager=_in_transaction,
        lock=lock,
        queueing_lock=waiting,
        schedule_in={"seconds": seconds or 0},
    )
    try:
        # a savepoint: the refused insert would spoil the caller's transaction
        with transaction.atomic():
            deferrer.defer(**arguments)
    except exceptions.AlreadyEnqueued:
        return False
    return True


def notify(channel: str) -> None:
    """Wake those who `listen` on `channel`, when the current transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_notify(%s, '')", [channel])


def listen(
    channels: Sequence[str], *, timeout: float = 5.0, stop: threading.Event | None = None
) -> Iterator[str]:
    """Yield a channel's name whenever somebody notifies it, and an empty text after `timeout` seconds.

    Also yields an empty text after each new connection: notifications before it were not heard. Connects
    again by itself; ends when `stop` is set.
    """
    stopped = stop or threading.Event()
    while not stopped.is_set():
        try:
            with psycopg.connect(_address(), autocommit=True) as listener:
                for channel in channels:
                    listener.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield ""
                while not stopped.is_set():
                    heard = {notice.channel for notice in listener.notifies(timeout=timeout, stop_after=1)}
                    yield from sorted(heard) or [""]
        except psycopg.OperationalError:
            yield ""
            stopped.wait(RECONNECT_SECONDS)


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__name__}"


@app.periodic(cron="* * * * * */15")
@app.task(name="vedette.foundation.jobs.rescue", queueing_lock="rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 procrastinate hands the time over
    """Begin again what a worker that died had begun; its lock would stay closed for ever."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            # the same work waits already
            await manager.finish_job(job, status=Status.FAILED, delete_job=True)
