"""Reports become threats and states (design.md 2, "The way of one report").

Detection runs on a snapshot, outside the tenant's lock, because it is the expensive part: a thousand phones
take a second or two of pure Python. What it found is written in one short transaction, which first looks
again whether each report still waits and each device still is what it was.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection

from vedette.compliance import attached, findings, inbox, lifecycle, minimise, signals, state, telling
from vedette.compliance.defaults import default_group
from vedette.compliance.inbox import Batch
from vedette.compliance.judge import Bench, Case, Judged, benches, changed_ground, differs, judge
from vedette.compliance.models import DetectorFailure, StateChange
from vedette.compliance.telling import Cause
from vedette.compliance.threat_events import threat_event
from vedette.devices.managed import CHANGED
from vedette.devices.models import Device
from vedette.events.log import emit_all
from vedette.foundation import clock, database
from vedette.threats.models import Threat
from vedette.verdict import Risk
from vedette_facts.privacy import Collect

log = logging.getLogger(__name__)

LIMIT: Final = 1000
REPORT: Final = "report"
INTELLIGENCE: Final = "intelligence"
MANAGEMENT: Final = "management"
SCAN: Final = "scan"
_TRIES: Final = 3


@dataclass(frozen=True)
class Assessed:
    """Reports closed, devices judged and changes of state made."""

    reports: int = 0
    devices: int = 0
    changes: int = 0


def assess(tenant_id: UUID, limit: int = LIMIT) -> Assessed:
    """Assess up to `limit` waiting reports of one tenant. Opens its own doors; none may be open."""
    with database.tenant(tenant_id):
        batch = inbox.waiting(limit)
        if not batch.reports:
            return Assessed()
    judged = _judge(batch.cases, _benches(tenant_id))
    try:
        return _with_retry(tenant_id, batch, judged)
    except OperationalError:
        raise
    except Exception:
        log.exception("A batch of reports cannot be written; each device is tried alone")
        return _one_by_one(tenant_id, batch, judged)


def reassess(tenant_id: UUID, limit: int = LIMIT) -> Assessed:
    """Judge devices anew whose verdict rests on older intelligence, detectors, parameters or words of Intune."""
    grounds = _benches(tenant_id)
    with database.tenant(tenant_id):
        cases = inbox.outdated(grounds, limit)
    judged = _judge(cases, grounds)
    total = Assessed()
    for cause, news in ((MANAGEMENT, True), (INTELLIGENCE, False)):
        part = [item for item in judged if item.case.news is news]
        if part:
            done = _with_retry(tenant_id, Batch({}, []), part, cause)
            total = Assessed(0, total.devices + done.devices, total.changes + done.changes)
    return total


def assess_again(tenant_id: UUID, device_id: UUID, cause: str) -> Assessed:
    """Judge one device anew from what is known of it. Opens its own doors; none may be open."""
    grounds = _benches(tenant_id)
    with database.tenant(tenant_id):
        case = inbox.of_device(device_id)
    if case is None:
        return Assessed()
    return _with_retry(tenant_id, Batch({}, []), _judge([case], grounds), cause)


def _benches(tenant_id: UUID) -> dict[UUID, Bench]:
    default_group(tenant_id)
    with database.tenant(tenant_id):
        return benches()


def _judge(cases: Sequence[Case], grounds: dict[UUID, Bench]) -> list[Judged]:
    return [judge(case, grounds[case.group_id]) for case in cases]


def _with_retry(tenant_id: UUID, batch: Batch, judged: Sequence[Judged], cause: str = REPORT) -> Assessed:
    for _ in range(_TRIES - 1):
        try:
            return _write(tenant_id, batch, judged, cause)
        except OperationalError:  # a deadlock or a lost connection says nothing about the reports
            log.warning("Assessing met a lock or lost its connection; trying again", exc_info=True)
    return _write(tenant_id, batch, judged, cause)


def _one_by_one(tenant_id: UUID, batch: Batch, judged: Sequence[Judged]) -> Assessed:
    """Write each device alone, so that one that cannot be written does not stop the others."""
    total = Assessed()
    for device_id in batch.reports:
        own = [item for item in judged if item.case.device_id == device_id]
        try:
            done = _with_retry(tenant_id, batch.part(device_id), own)
        except OperationalError:
            raise
        except Exception as error:
            log.exception("The report of device %s cannot be written; it is set aside", device_id)
            done = _set_aside(tenant_id, device_id, batch.reports[device_id], error)
        total = Assessed(
            total.reports + done.reports, total.devices + done.devices, total.changes + done.changes
        )
    return total


def _write(tenant_id: UUID, batch: Batch, judged: Sequence[Judged], cause: str) -> Assessed:
    with database.writer(tenant_id):
        # what was read before a scan was attached or taken off is read again: such reports go on waiting
        stale = attached.overtaken(item.case for item in judged)
        judged = [item for item in judged if item.case.device_id not in stale]
        mine = inbox.take(i for device, ids in batch.reports.items() if device not in stale for i in ids)
        back = lifecycle.check_in(
            tenant_id, [d for d, ids in batch.reports.items() if mine.intersection(ids)]
        )
        valid = _still_valid(judged, mine)
        watched = _watched(valid, cause)
        minimise.ask_for_whole_facts(_looking_at_less(valid))
        good = [item for item in valid if item.result is not None]
        narrowed = _not_asked(good)
        _keep_facts(good, narrowed)
        _keep_fingerprints([item for item in valid if item.result is not None or item.case.report_id is None])
        written = findings.write(valid)
        _close(mine, valid)
        minimise.strip_unused(mine - {item.case.report_id for item in good if item.case.report_id})
        emit_all(
            [threat_event(threat, "CREATED") for threat in written.opened]
            + [threat_event(threat, "RESOLVED", before=before) for threat, before in written.resolved]
        )
        telling.lift_reverted(item.case.device_id for item in valid)
        telling.lift(_reported_anew(written, watched, cause))
        changes = _decide(valid, back, cause, watched)
        if written.opened:
            signals.threats_opened.send(sender=Threat, tenant_id=tenant_id, threats=written.opened)
        if written.resolved:
            ended = {threat.device_id for threat, _before in written.resolved}
            signals.threats_changed.send(sender=Threat, tenant_id=tenant_id, device_ids=ended)
    return Assessed(len(mine), len(valid), len(changes))


def _still_valid(judged: Sequence[Judged], mine: set[UUID]) -> list[Judged]:
    """Hold the judged devices, and drop what was overtaken while it was judged."""
    ids = sorted({item.case.device_id for item in judged})
    rows = Device.objects.filter(id__in=ids).exclude(activation_status=Device.Activation.DEACTIVATED)
    held = {
        device.id: device
        for device in rows.order_by("id")
        .select_for_update(no_key=True)
        .only("id", "facts_observed_at", "facts_digest", "activation_status")
    }
    valid = []
    for item in judged:
        device = held.get(item.case.device_id)
        if device is None:
            continue
        if item.case.facts is not None and device.activation_status != Device.Activation.ACTIVATED:
            continue
        if item.case.report_id is None:
            overtaken = device.facts_digest != item.case.digest
        else:
            newest = device.facts_observed_at
            overtaken = item.case.report_id not in mine or bool(newest and newest > item.case.observed_at)
        if not overtaken:
            valid.append(item)
    return valid


def _watched(valid: Sequence[Judged], cause: str) -> dict[UUID, Cause]:
    """Name the cause that the brake watches, for each device whose verdict rests on other grounds than before.

    A phone that reports before the review has come to it counts for that cause as well. That a report is the
    first of its day says nothing: patch levels that aged over night are found by the review.
    """
    ids = [item.case.device_id for item in valid]
    before = _grounds_before(ids)
    watched: dict[UUID, Cause] = {}
    for item in valid:
        ground = changed_ground(before.get(item.case.device_id, ""), item.fingerprint)
        if ground is None or (cause != INTELLIGENCE and ground[0] == "day"):
            continue
        name, value = ground
        group = str(item.case.group_id)
        if name == "parameters":
            watched[item.case.device_id] = Cause(name, f"{group}:{value}", {"group": group})
        else:
            watched[item.case.device_id] = Cause(name, value)
    return watched


def _grounds_before(device_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Say what the last verdicts on whole facts rested on: a look at what is left of them is none."""
    rows = Device.objects.filter(id__in=device_ids).values_list("id", "whole_judged_with", "judged_with")
    return {device_id: whole or latest for device_id, whole, latest in rows}


def _looking_at_less(valid: Sequence[Judged]) -> list[UUID]:
    """List devices judged by what is left of their facts, on other grounds than before or where all may be kept now."""
    ids = [item.case.device_id for item in valid if item.case.dropped is not None]
    before = _grounds_before(ids)
    grounds = {
        i.case.device_id: changed_ground(before.get(i.case.device_id, ""), i.fingerprint) for i in valid
    }
    wider = {item.case.device_id for item in valid if item.collect.applications == "kept"}
    return [i for i in ids if i in wider or ((ground := grounds[i]) and ground[0] != "day")]


def _not_asked(good: Sequence[Judged]) -> dict[UUID, Collect]:
    """Say what is asked of the devices whose earlier reports may hold more than that."""
    before = _grounds_before([item.case.device_id for item in good])
    return {
        item.case.device_id: item.collect
        for item in good
        if item.kept
        or item.collect.applications != "kept"
        or differs("privacy", before.get(item.case.device_id, ""), item.fingerprint)
    }


def _reported_anew(written: findings.Written, watched: Mapping[UUID, Cause], cause: str) -> set[UUID]:
    """Phones of which a further threat was reported which no cause that the brake watches brought about."""
    if cause == INTELLIGENCE:
        return set()
    risky = {threat.device_id for threat in written.opened if threat.risk >= Risk.LOW}
    return risky - watched.keys()


def _keep_facts(judged: Sequence[Judged], narrowed: Mapping[UUID, Collect]) -> None:
    """Copy the winning facts to their devices, and what of them people look for to columns."""
    reports = [item.case.report_id for item in judged if item.case.report_id]
    less = {item.case.device_id: item.kept for item in judged if item.kept}
    minimise.store_reports(less, reports)
    minimise.strip_earlier(narrowed, reports)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_FACTS, {"tenant": database.current_tenant(), "reports": reports})
    minimise.store_devices(less)


def _keep_fingerprints(judged: Sequence[Judged]) -> None:
    """Note what the verdicts rest on; facts that cannot be read are not tried again with the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP_FINGERPRINTS,
            {
                "tenant": database.current_tenant(),
                "devices": [item.case.device_id for item in judged],
                "fingerprints": [item.fingerprint for item in judged],
                "changed": [item.case.managed.changed_at for item in judged],
                "partly": [item.case.dropped is not None for item in judged],
                "mark": CHANGED,
            },
        )


def _close(mine: set[UUID], valid: Sequence[Judged]) -> None:
    troubled = {item.case.report_id: item.problem for item in valid if item.problem and item.case.report_id}
    inbox.close(mine - troubled.keys())
    for report_id, problem in troubled.items():
        inbox.close([report_id], problem)


def _decide(
    valid: Sequence[Judged], back: Sequence[UUID], cause: str, watched: Mapping[UUID, Cause]
) -> list[StateChange]:
    reports = {i.case.device_id: i.case.report_id for i in valid if i.case.report_id}
    changes = state.decide_devices(
        reports, cause, report_ids=reports, assessed_at=clock.now(), watched=watched
    )
    rest = {item.case.device_id for item in valid} | set(back)
    judged_anew = clock.now() if cause != REPORT else None
    changes += state.decide_devices(rest - reports.keys(), cause, assessed_at=judged_anew, watched=watched)
    return changes


def _set_aside(tenant_id: UUID, device_id: UUID, reports: Sequence[UUID], error: Exception) -> Assessed:
    """Close reports that cannot be written. The device shows a failed detector and is not called clean."""
    problem = f"{type(error).__name__}: {error}".replace("\0", "")[:500]
    with database.writer(tenant_id):
        mine = inbox.take(reports)
        inbox.close(mine, problem)
        DetectorFailure.objects.update_or_create(
            tenant_id=tenant_id, device_id=device_id, kind="failed", detector="report", classification="",
            defaults={"message": problem}, create_defaults={"message": problem, "since": clock.now()},
        )  # fmt: skip
        changes = state.decide_devices([device_id], REPORT)
    return Assessed(len(mine), 1, len(changes))


_KEEP_FACTS: Final = """
update devices_device d
set facts = r.facts, facts_digest = r.digest, facts_observed_at = r.observed_at, facts_dropped = null,
    manufacturer = r.facts -> 'device' ->> 'manufacturer', model = r.facts -> 'device' ->> 'model',
    os_version = r.facts -> 'device' ->> 'os_version',
    security_patch = (r.facts -> 'device' ->> 'security_patch')::date,
    agent_version = r.facts -> 'agent' ->> 'version'
from devices_report r
where r.tenant_id = %(tenant)s and r.id = any(%(reports)s::uuid[])
  and d.tenant_id = %(tenant)s and d.id = r.device_id
"""

# What Intune said meanwhile has not been judged: the mark stays, and the next review judges it.
_KEEP_FINGERPRINTS: Final = """
update devices_device d
set judged_with = case when d.managed_changed_at is distinct from given.changed then %(mark)s else '' end
                  || given.fingerprint,
    whole_judged_with = case when given.partly then coalesce(nullif(d.whole_judged_with, ''), d.judged_with) else '' end
from unnest(%(devices)s::uuid[], %(fingerprints)s::text[], %(changed)s::timestamptz[], %(partly)s::boolean[])
     as given(device_id, fingerprint, changed, partly)
where d.tenant_id = %(tenant)s and d.id = given.device_id
"""
