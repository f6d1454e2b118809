"""Scans that count for a device: saying which phone a scan is of, taking it back, what that changes (docs/adr/0017)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection
from django.utils.translation import gettext

from vedette.compliance import judge_again, minimise
from vedette.compliance.judge import Case
from vedette.compliance.lifecycle import Refused
from vedette.detection.acquired import EXPIRES, Acquired
from vedette.devices.models import Device, DeviceScan
from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, database
from vedette.scans import kept
from vedette.scans.models import Scan
from vedette_facts.report import Facts

FUTURE: Final = timedelta(minutes=5)
"""A clock that is a little fast is no mistake of the person."""
MOST: Final = 10
"""Scans that count for one device at a time: each is judged with every verdict on it."""


@dataclass(frozen=True)
class Wish:
    """That a scan be counted for a device, as the phone was at `collected_at`."""

    scan_id: UUID
    device_id: UUID
    collected_at: datetime


def attach(tenant_id: UUID, wish: Wish, actor: Actor) -> DeviceScan:
    """Count a scan for a device until it expires. Outside any door; raises Refused. Judge the device afterwards."""
    with database.writer(tenant_id):
        device, scan = check(wish)
        link = DeviceScan.objects.create(
            tenant_id=tenant_id,
            device=device,
            scan=scan,
            collected_at=wish.collected_at,
            expires_at=wish.collected_at + EXPIRES,
            attached_at=clock.now(),
            attached_by=actor.name,
        )
        # what counts must not be swept before its time
        Scan.objects.filter(id=scan.id, keep_until__lt=link.expires_at).update(keep_until=link.expires_at)
        _emit("device.scan_attached", link, actor, change("scan", None, scan.file_name))
        judge_again.mark(Device.objects.filter(id=device.id))
        if device.facts_dropped is not None:
            minimise.ask_for_whole_facts([device.id])  # what the app says of the scan's findings was dropped
    return link


def detach(tenant_id: UUID, link_id: UUID, actor: Actor) -> UUID | None:
    """Count a scan for its device no more; give the device, None when there was nothing. Outside any door."""
    with database.writer(tenant_id):
        link = DeviceScan.objects.filter(id=link_id).select_related("device", "scan").first()
        if link is None:
            return None
        _end(link, actor)
        return link.device_id


def scan_is_deleted(scan: Scan, actor: Actor, **_more: Any) -> None:
    """Take a scan off its device before it is deleted (scans.signals.deleting)."""
    for link in DeviceScan.objects.filter(scan=scan).select_related("device", "scan"):
        _end(link, actor)


def check(wish: Wish) -> tuple[Device, Scan]:
    """Read device and scan of a wish; inside the tenant's door. Raises Refused where they do not fit."""
    device = Device.objects.filter(id=wish.device_id).defer("facts", "managed_facts", "managed_apps").first()
    scan = Scan.objects.filter(id=wish.scan_id, status=Scan.Status.DONE).defer("result").first()
    if device is None or device.activation_status == Device.Activation.DEACTIVATED:
        raise Refused(gettext("This device is deactivated, so nothing counts for it."))
    if scan is None:
        raise Refused(gettext("There is no such result any more."))
    if DeviceScan.objects.filter(scan=scan).exists():
        raise Refused(gettext("This scan counts for a device already. Take it off there first."))
    if DeviceScan.objects.filter(device=device, expires_at__gt=clock.now()).count() >= MOST:
        raise Refused(
            gettext("%(most)d scans count for this device already. Take one off there first.")
            % {"most": MOST}
        )
    if scan.platform and scan.platform != device.platform:
        raise Refused(
            gettext("The scan is of another platform than this device. Look whether it is the right phone.")
        )
    now = clock.now()
    if wish.collected_at > now + FUTURE:
        raise Refused(gettext("It cannot have been collected in the future."))
    if wish.collected_at <= now - EXPIRES:
        raise Refused(
            gettext(
                "It was collected more than %(days)d days ago and would not count any more. Collect it anew."
            )
            % {"days": EXPIRES.days}
        )
    return device, scan


def with_scans(cases: Sequence[Case]) -> list[Case]:
    """Put to each case the scans that count for its device; inside the tenant's door."""
    found = _scans([case.device_id for case in cases])
    return [replace(case, scans=found.get(case.device_id, ())) for case in cases]


def overtaken(cases: Iterable[Case]) -> set[UUID]:
    """Name devices for which other scans count than when they were read; inside the writer, so that none follows."""
    read = {case.device_id: [scan.attached_at for scan in case.scans] for case in cases}
    rows = DeviceScan.objects.filter(device__in=list(read), expires_at__gt=clock.now())
    now: dict[UUID, list[datetime | None]] = {}
    for device_id, attached_at in rows.values_list("device_id", "attached_at"):
        now.setdefault(device_id, []).append(attached_at)
    return {device_id for device_id, then in read.items() if set(then) != set(now.get(device_id, ()))}


def acquired(scan: Scan, collected_at: datetime) -> Acquired:
    """Give what detectors need of a scan."""
    value = kept.from_json(scan.result or {})
    traced = tuple(finding for finding in value.findings if kept.is_trace(finding))
    return Acquired(collected_at, value.facts, traced)


def _scans(device_ids: Sequence[UUID]) -> dict[UUID, tuple[Acquired, ...]]:
    given: dict[str, Any] = {
        "tenant": database.current_tenant(),
        "devices": list(device_ids),
        "now": clock.now(),
    }
    found: dict[UUID, tuple[Acquired, ...]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, given)
        for device_id, at, attached_at, facts, findings in cursor.fetchall():
            read = msgspec.json.decode(facts, type=Facts | None) if facts else None
            traced = tuple(each for each in kept.findings_of(findings or "[]") if kept.is_trace(each))
            found[device_id] = (*found.get(device_id, ()), Acquired(at, read, traced, attached_at))
    return found


def _end(link: DeviceScan, actor: Actor) -> None:
    DeviceScan.objects.filter(id=link.id).delete()
    _emit("device.scan_detached", link, actor, change("scan", link.scan.file_name, None))
    judge_again.mark(Device.objects.filter(id=link.device_id))


def _emit(action: str, link: DeviceScan, actor: Actor, changed: dict[str, Any]) -> None:
    target = Target("device", str(link.device_id), link.device.display_name)
    detail = {"collected_at": link.collected_at.isoformat(timespec="minutes")}
    emit(Draft(action, actor=actor, target=target, changes=[changed], detail=detail))


_LIVE: Final = """
select l.device_id, l.collected_at, l.attached_at, (s.result -> 'facts')::text, (s.result -> 'findings')::text
from devices_devicescan l
join scans_scan s on s.tenant_id = %(tenant)s and s.id = l.scan_id
where l.tenant_id = %(tenant)s and l.device_id = any(%(devices)s::uuid[]) and l.expires_at > %(now)s
order by l.device_id, l.collected_at, l.id
"""
