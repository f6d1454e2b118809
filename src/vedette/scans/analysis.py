"""From an uploaded file to findings: read in a child, judged here, written down, and the file deleted."""

import logging
from typing import Any, Final
from uuid import UUID

from vedette.detection import Context
from vedette.feeds import families, file_rules, index, tables
from vedette.foundation import clock, database, secrets
from vedette.scans import intake, kept, reading, uploads
from vedette.scans.child import RuleSource, Upload
from vedette.scans.models import Scan
from vedette.scans.result import scan as judge
from vedette.scans.sandbox import SandboxError
from vedette.verdict import Risk
from vedette_facts.acquisition.found import Acquisition

log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 2
"""A worker may be stopped while it analyses; a file that ends two workers is not tried again."""
_FAILURES: Final = {
    "refused": Scan.Failure.UNREADABLE,
    "time": Scan.Failure.TIME,
    "memory": Scan.Failure.MEMORY,
    "output": Scan.Failure.OUTPUT,
}


class _NoResult(Exception):  # noqa: N818 - an end of the way, not an error of ours
    def __init__(self, failure: Scan.Failure, why: str = "") -> None:
        super().__init__(failure)
        self.failure, self.why = failure, why


def analyse(tenant_id: UUID, scan_id: UUID) -> None:
    """Analyse one upload; outside any door. Whatever is wrong with the file is written down, not raised."""
    scan = _begin(tenant_id, scan_id)
    if scan is None:
        return
    try:
        values = _result(tenant_id, scan)
    except _NoResult as end:
        values = {"status": Scan.Status.FAILED, "failure": end.failure, "why": _clean(end.why)[:500]}
    # the row first: a crash between the two leaves a file to the sweeper, never a row that waits for what is gone
    _note(tenant_id, scan_id, **values, phase="", finished_at=clock.now(), stored_as="", sealed_password="")
    uploads.delete(scan.stored_as)


def _begin(tenant_id: UUID, scan_id: UUID) -> Scan | None:
    """Take the scan on; None when it was deleted or is over."""
    with database.tenant(tenant_id):
        scan = Scan.objects.select_for_update().filter(id=scan_id, status__in=intake.UNDER_WAY).first()
        if scan is not None:
            scan.attempts += 1
            scan.status, scan.phase, scan.started_at = Scan.Status.RUNNING, Scan.Phase.READING, clock.now()
            scan.save(update_fields=["attempts", "status", "phase", "started_at"])
        return scan


def _result(tenant_id: UUID, scan: Scan) -> dict[str, Any]:
    if scan.attempts > MOST_ATTEMPTS:
        raise _NoResult(Scan.Failure.CRASH)
    acquisition = _read(scan)
    if acquisition.is_empty:
        raise _NoResult(Scan.Failure.UNREADABLE, acquisition.unread[0].why if acquisition.unread else "")
    _note(tenant_id, scan.id, phase=Scan.Phase.JUDGING)
    done = judge(acquisition, _context(tenant_id))
    value = kept.kept(done)
    device = acquisition.facts.device if acquisition.facts else None
    return {
        "status": Scan.Status.DONE,
        "kind": _clean(value.kind),
        "platform": device.platform if device else "",
        "phone": _clean(f"{device.manufacturer} {device.model}".strip()) if device else "",
        "os_version": _clean(device.os_version) if device else "",
        "worst": max((done.risk(finding) for finding in done.findings), default=Risk.NONE),
        "findings": len(done.findings),
        "unread": len(done.unread),
        "collected_at": kept.newest_moment(acquisition, clock.now()),
        "result": kept.to_json(value),
    }


def _read(scan: Scan) -> Acquisition:
    path = uploads.path_of(scan.stored_as)
    if not path.is_file():
        raise _NoResult(Scan.Failure.LOST)
    try:
        password, rules = intake.password_of(scan), _rules(scan.tenant_id)
        return reading.acquisition(Upload(str(path), scan.file_name, password, rules))
    except secrets.SealError:
        raise _NoResult(Scan.Failure.LOST) from None
    except SandboxError as error:
        log.warning("Upload %s of tenant %s: %s", scan.id, scan.tenant_id, error.message)
        failure = _FAILURES.get(error.reason, Scan.Failure.CRASH)
        raise _NoResult(failure, error.message if error.reason == "refused" else "") from None


def _rules(tenant_id: UUID) -> tuple[RuleSource, ...]:
    """Give the organisation's rules on files."""
    with database.tenant(tenant_id):
        return tuple(RuleSource(name, text) for name, text in file_rules.in_force())


def _context(tenant_id: UUID) -> Context:
    with database.tenant(tenant_id):
        return Context(
            index=index.current(),
            names=families.names(),
            systems=tables.current(),
            today=clock.now().date(),
        )


def _note(tenant_id: UUID, scan_id: UUID, **values: Any) -> None:
    """Write down how far it is; a scan that was deleted meanwhile stays deleted."""
    with database.tenant(tenant_id):
        Scan.objects.filter(id=scan_id).update(**values)


def _clean(text: str) -> str:
    return text.replace("\0", "")
