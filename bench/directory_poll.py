"""The process that `bench/directory.py` measures: an account with one group, a poll in full and some more."""

from __future__ import annotations

import json
import resource
import ssl
import sys
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from vedette.foundation import config, database
from vedette.project import environment

KIB_PER_MB = 1000**2 / 1024


def main(entra_tenant_id: UUID, group: UUID, idle_polls: int) -> dict[str, Any]:
    """Measure, inside `environment.database()`."""
    from vedette.connectors.intune import directory_poll  # noqa: PLC0415 -- Django is awake only now
    from vedette.devices.models import Device  # noqa: PLC0415 -- as above

    tenant_id = account(entra_tenant_id, group)
    log = _Log()
    before = _peak_mb()
    seconds, polled = _timed(lambda: directory_poll.poll(tenant_id))
    assert not polled.error, _why(tenant_id)
    peak = _peak_mb()
    first = log.new()
    idle = []
    for _ in range(idle_polls):
        again, unchanged = _timed(lambda: directory_poll.poll(tenant_id))
        assert not unchanged.error, _why(tenant_id)
        idle.append(round(again, 3))
    with database.tenant(tenant_id):
        pending = Device.objects.filter(activation_status=Device.Activation.PENDING).count()
    times = [datetime.fromisoformat(entry["at"]) for entry in first]
    return {
        "first_s": seconds,
        "requests": len(first),
        "reading_s": round((max(times) - min(times)).total_seconds(), 1),
        "answering_by_lab_s": round(sum(entry["milliseconds"] for entry in first) / 1000, 1),
        "pending": pending,
        "peak_memory_mb": peak,
        "memory_before_mb": before,
        "idle_s": idle,
        "idle_requests": len(log.new()),
    }


class _Log:
    """The lab's log of requests."""

    def __init__(self) -> None:
        settings = config.current()
        trust = ssl.create_default_context(cafile=str(settings.ca_file))
        self._client = httpx.Client(base_url=settings.graph_url, verify=trust, trust_env=False, timeout=60)
        self._last = 0
        self.new()

    def new(self) -> list[dict[str, Any]]:
        """Return the requests to Graph since the last call."""
        entries = self._client.get("/lab/requests", params={"since": self._last}).json()
        self._last = max([self._last, *(entry["number"] for entry in entries)])
        return [entry for entry in entries if entry["path"].startswith("/v1.0/")]


def account(entra_tenant_id: UUID, group: UUID) -> UUID:
    """Make a consented account that protects the group."""
    from vedette.compliance.change_policy import ensure_defaults  # noqa: PLC0415 -- Django is awake only now
    from vedette.connectors.entra_groups import Group  # noqa: PLC0415 -- as above
    from vedette.connectors.intune import settings_change  # noqa: PLC0415 -- as above
    from vedette.events.log import SYSTEM  # noqa: PLC0415 -- as above
    from vedette.foundation import clock  # noqa: PLC0415 -- as above
    from vedette.tenants import accounts  # noqa: PLC0415 -- as above
    from vedette.tenants.models import Tenant  # noqa: PLC0415 -- as above

    draft = accounts.Draft(
        name="Crowd",
        entra_tenant_id=entra_tenant_id,
        full_group_id=group,
        restricted_group_id=entra_tenant_id,
        primary_contact="contact@example.test",
    )
    tenant = accounts.create(draft)
    with database.writer(tenant.id):
        Tenant.objects.filter(id=tenant.id).update(status=Tenant.Status.CONSENTED, consented_at=clock.now())
    ensure_defaults(tenant.id)
    switches = {"heartbeat_minutes": 10, "android_enabled": True, "ios_enabled": True}
    settings_change.save(tenant.id, switches, SYSTEM)
    everybody = Group(group, "Everybody", "", security_enabled=True, dynamic=False)
    settings_change.add_group(tenant.id, everybody, include_nested=True, actor=SYSTEM)
    return tenant.id


def _why(tenant_id: UUID) -> str:
    """Say what the newest pass failed at."""
    from vedette.directory import read  # noqa: PLC0415 -- Django is awake only now

    with database.tenant(tenant_id):
        newest = read.last_pass()
    return newest.error if newest else "no pass"


def _timed(act: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = act()
    return time.perf_counter() - begun, result


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB, 1)


if __name__ == "__main__":
    with environment.database():
        from vedette.project import migrations

        migrations.migrate()
        print(json.dumps(main(UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3]))))
