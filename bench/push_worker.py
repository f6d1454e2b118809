"""The process that `bench/directory_push.py` measures: phones of an armed account change state, the publisher tells."""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from bench.directory_poll import account
from vedette.foundation import config, database
from vedette.project import environment

WRITES_A_SECOND = 2000
BATCH = 20
FILTERED = 15
READ_AT_ONCE = 60
LANES = 4
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 300


def main(entra_tenant_id: UUID, group: UUID, rounds: int, lab_process: int) -> dict[str, Any]:
    """Measure, inside `environment.database()`."""
    from vedette.compliance import mode  # noqa: PLC0415 -- Django is awake only now
    from vedette.connectors.intune import directory_poll  # noqa: PLC0415 -- as above
    from vedette.events.log import SYSTEM  # noqa: PLC0415 -- as above

    tenant_id = account(entra_tenant_id, group)
    directory_poll.poll(tenant_id)
    lab = _Lab(entra_tenant_id)
    mode.arm(tenant_id, SYSTEM)
    _publish(tenant_id)
    seconds, bare, lost, refused = [], [], 0, 0
    cpu = {"publisher": 0.0, "lab": 0.0, "postgres": 0.0}
    server = _server()
    for number in range(rounds):
        secured = number % 2 == 0
        lab.limit(on=True)
        mark = lab.mark()
        _change(tenant_id, secured=secured)
        before = time.process_time(), _cpu_of(lab_process), _cpu_of_all(server)
        seconds.append(round(_publish(tenant_id), 3))
        cpu["publisher"] += time.process_time() - before[0]
        cpu["lab"] += _cpu_of(lab_process) - before[1]
        cpu["postgres"] += _cpu_of_all(server) - before[2]
        refused += lab.refused(mark)
        held = lab.attributes()
        lost += sum(value != ("mtd:secured" if secured else "mtd:pending") for value in held.values())
        lab.limit(on=False)
        bare.append(round(_bare(entra_tenant_id, list(held), f"round {number}"), 3))
    used = {name: round(total / rounds, 2) for name, total in cpu.items()}
    return {"seconds": seconds, "bare_seconds": bare, "lost": lost, "answers_429": refused, "cpu_s": used}


def _cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process has used; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cpu_of_all(server: int) -> float:
    """Return the seconds of CPU of PostgreSQL's server and its processes, those that have ended included."""
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.parent.name) == server:
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
        elif int(fields[1]) == server:
            total += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return total


def _server() -> int:
    """Return the process of the PostgreSQL that this one uses; 0 where it runs elsewhere."""
    from django.db import connection  # noqa: PLC0415 -- Django is awake only now

    with database.system(), connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        backend = cursor.fetchone()[0]
    try:
        return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _publish(tenant_id: UUID) -> float:
    """Run the publisher until every value is confirmed; return the seconds that took."""
    from vedette.connectors import publisher  # noqa: PLC0415 -- Django is awake only now
    from vedette.connectors.deliver import CHANNEL  # noqa: PLC0415 -- as above
    from vedette.connectors.models import Delivery  # noqa: PLC0415 -- as above
    from vedette.foundation import jobs  # noqa: PLC0415 -- as above

    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=[stop])
    began = time.perf_counter()
    thread.start()
    left = True
    while left and time.perf_counter() - began < PATIENCE_SECONDS:
        time.sleep(LOOK_SECONDS)
        with database.tenant(tenant_id):
            left = Delivery.objects.exclude(status=Delivery.Status.CONFIRMED).exists()
    took = time.perf_counter() - began
    stop.set()
    jobs.notify(CHANNEL)
    thread.join()
    assert not left, "not everything was confirmed"
    return took


def _change(tenant_id: UUID, *, secured: bool) -> None:
    """Give every phone a new state, by the product's own decision over facts that are there or not."""
    from vedette.compliance import state  # noqa: PLC0415 -- Django is awake only now
    from vedette.devices.models import Device  # noqa: PLC0415 -- as above
    from vedette.foundation import clock  # noqa: PLC0415 -- as above

    now = clock.now()
    with database.writer(tenant_id):
        Device.objects.update(
            activation_status=Device.Activation.ACTIVATED,
            last_seen_at=now,
            disconnected_after=now + timedelta(days=30),
            facts={} if secured else None,
        )
        state.decide_devices(Device.objects.values_list("id", flat=True), "benchmark")


class _Lab:
    """The lab's control interface."""

    def __init__(self, entra_tenant_id: UUID) -> None:
        self._tenant = entra_tenant_id
        self._client = httpx.Client(
            base_url=config.current().graph_url, verify=_trust(), trust_env=False, timeout=PATIENCE_SECONDS
        )

    def limit(self, *, on: bool) -> None:
        """Begin to count with empty windows, or end it."""
        body = {"on": on, "identity": [1e6, 1], "identity_writes": [WRITES_A_SECOND, 1]}
        self._client.post("/lab/limits", json=body).raise_for_status()

    def mark(self) -> int:
        """Return the number of the last request."""
        entries = self._client.get("/lab/requests").json()
        return max((entry["number"] for entry in entries), default=0)

    def refused(self, since: int) -> int:
        """Count the answers 429 since then."""
        entries = self._client.get("/lab/requests", params={"since": since}).json()
        return sum(entry["status"] == httpx.codes.TOO_MANY_REQUESTS for entry in entries)

    def attributes(self) -> dict[str, str | None]:
        """Return what each phone's attribute holds, by object ID."""
        found = self._client.get(f"/lab/tenants/{self._tenant}/devices").json()
        return {
            device["id"]: device["extension_attributes"].get("extensionAttribute1")
            for device in found
            if (device["upn"] or "").startswith("person.")
        }


def _bare(entra_tenant_id: UUID, ids: Sequence[str], value: str) -> float:
    """Send the same batches with nothing around them: read sixty by four filters, write twenty, four at a time."""
    from vedette.foundation.tokens import app_token  # noqa: PLC0415 -- Django is awake only now

    settings = config.current()
    token = app_token(entra_tenant_id, f"{settings.graph_url}/.default")
    limits = httpx.Limits(max_connections=LANES)
    with httpx.Client(
        base_url=settings.graph_url,
        verify=_trust(),
        trust_env=False,
        timeout=PATIENCE_SECONDS,
        limits=limits,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:

        def send(requests: list[dict[str, Any]]) -> None:
            answer = client.post("/v1.0/$batch", json={"requests": requests}).raise_for_status().json()
            assert all(item["status"] < httpx.codes.BAD_REQUEST for item in answer["responses"])

        def one(chunk: Sequence[str]) -> None:
            send([_read(part) for part in _parts(chunk, FILTERED)])
            for part in _parts(chunk, BATCH):
                send([_write(key, value) for key in part])

        chunks = _parts(ids, READ_AT_ONCE)
        began = time.perf_counter()
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(one, chunks))
        return time.perf_counter() - began


def _parts(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _read(ids: Sequence[str]) -> dict[str, Any]:
    listed = ",".join(f"'{key}'" for key in ids)
    url = f"/devices?$filter=id%20in%20({listed})&$select=id,extensionAttributes"
    return {"id": ids[0], "method": "GET", "url": url}


def _write(key: str, value: str) -> dict[str, Any]:
    return {
        "id": key,
        "method": "PATCH",
        "url": f"/devices/{key}",
        "body": {"extensionAttributes": {"extensionAttribute15": value}},
        "headers": {"Content-Type": "application/json"},
    }


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(config.current().ca_file))


if __name__ == "__main__":
    with environment.database():
        from vedette.project import migrations

        migrations.migrate()
        print(json.dumps(main(UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
