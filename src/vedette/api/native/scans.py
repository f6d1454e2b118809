"""Scans: upload what was collected of a phone, follow the analysis, read what was found."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from msgspec import Meta

from vedette.api.native import cursors
from vedette.api.native.problems import Problem
from vedette.api.native.route import PREFIX, Call, NoQuery, Reply
from vedette.api.native.shapes import Page, Paging, RiskName, risk_name
from vedette.scans import intake, kept
from vedette.scans.models import Scan as Row
from vedette.scans.uploads import Received, UploadError

Status = Literal["waiting", "running", "done", "failed"]

PASSWORD: Final = "scan-password"  # noqa: S105 - the name of a header
"""The header with the password of an encrypted backup: addresses end up in logs."""
_HEAVY: Final = ("result", "sealed_password")


class ScanQuery(Paging, kw_only=True):
    """Filters of the list."""

    status: Status | None = None
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


class UploadQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the file is called."""

    file_name: Annotated[str, Meta(min_length=1, max_length=255)]


class Scan(msgspec.Struct, kw_only=True):
    """One upload and how far it is."""

    id: UUID
    file_name: str
    size: Annotated[int, Meta(description="Bytes")]
    sha256: str
    status: Status
    phase: Annotated[str, Meta(description="While it runs: reading or judging")]
    failure: Annotated[
        str, Meta(description="Of a failed one: unreadable, time, memory, output, crash or lost")
    ]
    why: str
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    kind: Annotated[str, Meta(description="What it was read as")]
    platform: str
    phone: str
    os_version: str
    worst: Annotated[RiskName, Meta(description="Highest risk found")]
    findings: int
    unread: Annotated[int, Meta(description="Parts that could not be read")]
    collected_at: datetime | None
    keep_until: datetime


class ScanPage(Page[Scan]):
    """Scans, the newest first."""


class ScanResult(msgspec.Struct):
    """What was found: as `vedette scan --json` writes it."""

    facts: dict[str, Any] | None
    findings: list[dict[str, Any]]
    unread: list[dict[str, Any]]


def listed(call: Call[ScanQuery, None]) -> ScanPage:
    """Give a page of scans, the newest first."""
    query, rows = call.query, _rows().filter(tenant_id=call.tenant_id)
    exact = {"status": query.status, "sha256": query.sha256}
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if query.cursor:
        rows = rows.filter(id__lt=cursors.read_id(query.cursor, query))
    found = list(rows.order_by("-id")[: query.limit + 1])
    page = [_told(row) for row in found[: query.limit]]
    more = len(found) > query.limit
    return ScanPage(page, cursors.after(page[-1].id, query) if more else None)


def one(call: Call[NoQuery, None]) -> Scan:
    """Tell how far a scan is."""
    return _told(_rows().get(id=call.ids["scan_id"]))


def upload(call: Call[UploadQuery, Received]) -> Reply:
    """Queue a file for analysis."""
    scan = intake.accept(
        call.tenant_id,
        call.body,
        call.query.file_name,
        call.who.actor,
        password=call.headers.get(PASSWORD, ""),
    )
    return Reply(_told(scan), headers=[(b"location", f"{PREFIX}/scans/{scan.id}".encode())])


def result(call: Call[NoQuery, None]) -> Reply:
    """Hand out what was found; noted in the audit trail, as every report that leaves."""
    row = Row.objects.defer("sealed_password").get(id=call.ids["scan_id"])
    if row.status != Row.Status.DONE:
        why = f" ({row.why})" if row.why else ""
        raise Problem("conflict", f"There is no result: the scan's status is “{row.status}”{why}.")
    intake.note_export(call.tenant_id, row, "json", call.who.actor)
    return Reply(kept.as_contract(kept.from_json(row.result or {}).scan()))


def delete(call: Call[NoQuery, None]) -> Reply:
    """Delete a scan with its findings."""
    if not intake.delete(call.tenant_id, call.ids["scan_id"], call.who.actor):
        raise Row.DoesNotExist
    return Reply(b"")


def not_taken(error: UploadError) -> Problem:
    """Say why a file was not taken."""
    code = "too_large" if error.reason == "size" else "unavailable"
    return Problem(code, intake.refusal_of(error))


def _rows() -> QuerySet[Row]:
    return Row.objects.defer(*_HEAVY)


def _told(row: Row) -> Scan:
    return Scan(
        id=row.id,
        file_name=row.file_name,
        size=row.size,
        sha256=row.sha256,
        status=row.status,  # type: ignore[arg-type] # one of Row.Status
        phase=row.phase,
        failure=row.failure,
        why=row.why,
        created_at=row.created_at,
        created_by=row.created_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        kind=row.kind,
        platform=row.platform,
        phone=row.phone,
        os_version=row.os_version,
        worst=risk_name(row.worst),
        findings=row.findings,
        unread=row.unread,
        collected_at=row.collected_at,
        keep_until=row.keep_until,
    )
