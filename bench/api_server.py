"""The process that `bench/stream.py` and `bench/risk_api.py` measure: the APIs for programs, on a fresh database.

`python -m bench.api_server DEVICES` prints one line of JSON when it serves, and then one for each line it reads: its
memory. Beside it, on a port of its own, serves what the streams are compared with: an ASGI application that reads the
same rows with the same driver, writes them as JSON and sends them, and does nothing else.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import uuid
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from vedette.foundation import config, database
from vedette.project import environment

PAGE = 500
MANY = 1_000_000


def rss_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def tenant_with(devices: int) -> tuple[uuid.UUID, str]:
    from vedette.compliance.change_policy import ensure_defaults  # noqa: PLC0415 -- Django is awake only now
    from vedette.events.log import SYSTEM  # noqa: PLC0415 -- as above
    from vedette.tenants import accounts, application_keys  # noqa: PLC0415 -- as above
    from vedette.tenants.application_keys import Scope, Wish  # noqa: PLC0415 -- as above

    draft = accounts.Draft(
        name="Crowd",
        entra_tenant_id=uuid.uuid4(),
        full_group_id=uuid.uuid4(),
        restricted_group_id=None,
        primary_contact="contact@example.test",
    )
    tenant = accounts.create(draft)
    ensure_defaults(tenant.id)
    with database.writer(tenant.id):
        key = application_keys.create(Wish("Bench", list(Scope)), SYSTEM).key
    if devices:
        fill(tenant.id, devices)
    return tenant.id, key


def fill(tenant_id: uuid.UUID, devices: int) -> None:
    """Phones with directory entry, state, and a report of 60 applications; every tenth is at risk."""
    import psycopg  # noqa: PLC0415 -- only where rows are wanted
    from tests.support.world import World, app, facts  # noqa: PLC0415 -- Django is awake only now

    from vedette.compliance.assess import assess  # noqa: PLC0415 -- as above

    world = World(tenant_id)
    (phone,) = world.activated()
    world.report(phone, facts(apps=[app(f"com.example.app{n}") for n in range(60)]))
    assess(tenant_id)
    with psycopg.connect(config.current().migrate_url or "", autocommit=True) as owner:
        for statement in _FILL:
            owner.execute(statement, {"tenant": tenant_id, "count": devices - 1})
        owner.execute("vacuum analyze")


_ID = "(lpad(to_hex(1790000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
_COPIES = "generate_series(1, %(count)s) n"
_FILL = (
    # copies of one row that the product's own code made, so that columns may come and go; made in a lateral join, since
    # `(function()).*` would make each row once for every column
    f"""insert into devices_device select made.* from devices_device d, {_COPIES}, lateral jsonb_populate_record(
        d, jsonb_build_object(
        'id', {_ID}, 'entra_object_id', gen_random_uuid(), 'entra_device_id', gen_random_uuid(),
        'owner_upn', 'p' || n || '@example.test', 'owner_email', 'p' || n || '@example.test')) made
    where d.tenant_id = %(tenant)s""",  # noqa: S608 -- our own SQL
    """insert into directory_directorydevice select made.*
    from devices_device d, directory_directorydevice x, lateral jsonb_populate_record(x, jsonb_build_object(
        'id', gen_random_uuid(), 'object_id', d.entra_object_id, 'entra_device_id', d.entra_device_id,
        'managed_device_id', gen_random_uuid())) made
    where d.tenant_id = %(tenant)s and x.tenant_id = %(tenant)s and d.entra_object_id <> x.object_id""",
    """insert into compliance_devicestate select made.*
    from devices_device d, compliance_devicestate s, lateral jsonb_populate_record(s, jsonb_build_object(
        'device_id', d.id, 'state', case when random() < 0.1 then 'high' else 'secured' end)) made
    where d.tenant_id = %(tenant)s and s.tenant_id = %(tenant)s and s.device_id <> d.id""",
)


class Both:
    """The Mobile Risk API and the native one, as project/asgi.py routes to them."""

    def __init__(self, risk: Any, native: Any) -> None:
        self._risk, self._native = risk, native

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        app = self._native if self._native.serves(scope["path"]) else self._risk
        await app(scope, receive, send)


class Floor:
    """The least that a stream out of this database can do: read once, write as JSON, send the bytes to whoever waits.

    `GET /go?POSITION` lets it read from there on; every other request is a reader and waits for that.
    """

    def __init__(self, pool: database.Pool, tenant_id: uuid.UUID) -> None:
        self._pool = pool
        self._tenant_id = tenant_id
        self._waiting: set[asyncio.Queue[bytes]] = set()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/go":
            await self._read(int(scope["query_string"]))
            await send({"type": "http.response.body", "body": b""})
            return
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._waiting.add(queue)
        await send({"type": "http.response.body", "body": b"event:heartbeat\n\n", "more_body": True})
        while message := await queue.get():
            await send({"type": "http.response.body", "body": message, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _read(self, position: int) -> None:
        from vedette.events import reading  # noqa: PLC0415 -- Django is awake only now

        while True:
            async with database.pool_tenant(self._pool, self._tenant_id) as connection:
                rows = await reading.after(connection, self._tenant_id, position, PAGE)
            if not rows:
                break
            position = rows[-1].position
            for part in (rows[at : at + 100] for at in range(0, len(rows), 100)):
                body = msgspec.json.encode({"events": [row._asdict() for row in part]})
                self._tell(b"id:%b\nevent:events\ndata:%b\n\n" % (str(part[-1].id).encode(), body))
        self._tell(b"")
        self._waiting.clear()

    def _tell(self, message: bytes) -> None:
        for queue in self._waiting:
            queue.put_nowait(message)


async def serve(devices: int) -> None:
    from vedette.api.mobile_risk.app import MobileRiskApi  # noqa: PLC0415 -- Django is awake only now
    from vedette.api.native import app as native_api  # noqa: PLC0415 -- as above
    from vedette.project.server import Protocol  # noqa: PLC0415 -- as above

    tenant_id, key = await asyncio.to_thread(tenant_with, devices)
    pool = database.make_pool(config.current().database_url or "")
    await pool.open(wait=True, timeout=30)
    app = MobileRiskApi(pool, requests_per_minute=MANY, streams_per_key=MANY)
    native = native_api.NativeApi(pool, requests_per_minute=MANY, calls_per_minute=MANY)
    app.start()
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                application,
                host="127.0.0.1",
                port=0,
                lifespan="off",
                log_level="warning",
                http=Protocol,
                backlog=8192,
            )
        )
        for application in (Both(app, native), Floor(pool, tenant_id))
    ]
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    while not all(server.started for server in servers):  # noqa: ASYNC110 -- uvicorn offers no event
        await asyncio.sleep(0.02)
    ports = [server.servers[0].sockets[0].getsockname()[1] for server in servers]
    print(json.dumps({"tenant": str(tenant_id), "key": key, "port": ports[0], "floor": ports[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"rss_kb": rss_kb()}), flush=True)
    for server in servers:
        server.should_exit = server.force_exit = True
    await app.end_streams()
    await asyncio.gather(*tasks)
    await native.stop()
    await app.stop()
    await pool.close()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with environment.database():
        import uvloop

        from vedette.project import migrations

        migrations.migrate()
        uvloop.run(serve(int(sys.argv[1])))
