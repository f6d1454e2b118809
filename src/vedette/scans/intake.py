"""Taking an upload in, and deleting what came of it. Used by the console and the native API."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from vedette.events.log import Actor, Draft, Target, change, emit
from vedette.foundation import clock, config, database, jobs, secrets
from vedette.foundation.ids import new_id
from vedette.scans import signals, uploads
from vedette.scans.models import Scan
from vedette.scans.uploads import Received, UploadError

MOST_UNDER_WAY: Final = 10
MOST_KEPT: Final = 500
"""For each tenant: scans that wait or run, and results kept."""
UNDER_WAY: Final = (Scan.Status.WAITING, Scan.Status.RUNNING)
_LONGEST_PASSWORD: Final = 500


class Refused(Exception):  # noqa: N818 - a refusal, told to the person
    """The upload was not taken, and nothing of it is kept; the message says why and what to do."""


def accept(tenant_id: UUID, received: Received, name: str, actor: Actor, *, password: str = "") -> Scan:
    """Queue an upload for analysis. Outside any door. Raises Refused; the file is deleted then.

    `name`: as the sender calls it; `password`: of an encrypted backup, kept sealed until the file was read.
    """
    try:
        return _accept(tenant_id, received, uploads.clean_name(name), actor, password)
    except BaseException:
        received.discard()
        raise


def _accept(tenant_id: UUID, received: Received, name: str, actor: Actor, password: str) -> Scan:
    if not received.size:
        raise Refused(
            gettext("“%(name)s” is empty. Look whether the tool finished, then upload it again.")
            % {"name": name}
        )
    if len(password) > _LONGEST_PASSWORD:
        raise Refused(gettext("The password is longer than any that a backup takes."))
    now, scan_id = clock.now(), new_id()
    scan = Scan(
        id=scan_id,
        tenant_id=tenant_id,
        created_at=now,
        created_by=actor.name,
        created_by_id=actor.id,
        file_name=name,
        size=received.size,
        sha256=received.sha256,
        stored_as=received.stored_as,
        sealed_password=secrets.seal(password, context=_context(scan_id)) if password else "",
        keep_until=now + timedelta(days=config.current().scan_days),
    )
    with database.writer(tenant_id):
        _check_quota()
        scan.save(force_insert=True)
        detail = {"size": received.size, "sha256": received.sha256}
        emit(Draft("scan.uploaded", change_type="CREATED", actor=actor, target=_target(scan), detail=detail))
        queue(scan)
    return scan


def queue(scan: Scan) -> bool:
    """Add the analysis to the queue, in the open transaction: at most two run at once, whoever uploads."""
    from vedette.scans.jobs import analyse  # noqa: PLC0415 - the job calls what is written here

    lane = f"scans:{scan.tenant_id.int % 2}"
    return jobs.defer(
        analyse, lock=lane, queueing_lock=f"scan:{scan.id}", tenant=str(scan.tenant_id), scan=str(scan.id)
    )


def delete(tenant_id: UUID, scan_id: UUID, actor: Actor) -> bool:
    """Delete a scan and, where it was not read yet, its file. Outside any door; tell whether it was there."""
    with database.writer(tenant_id):
        scan = Scan.objects.filter(id=scan_id).defer("result").first()
        if scan is None:
            return False
        signals.deleting.send(sender=Scan, scan=scan, actor=actor)
        Scan.objects.filter(id=scan_id).delete()
        changes = [change("status", scan.status, None)]
        emit(Draft("scan.deleted", change_type="DELETED", actor=actor, target=_target(scan), changes=changes))
    uploads.delete(scan.stored_as)
    return True


def note_export(tenant_id: UUID, scan: Scan, kind: str, actor: Actor) -> None:
    """Note who took a report out. Outside any door."""
    with database.writer(tenant_id):
        emit(
            Draft(
                "scan.exported",
                change_type="EXPORTED",
                actor=actor,
                target=_target(scan),
                detail={"kind": kind},
            )
        )


def password_of(scan: Scan) -> str:
    """Give the password that was uploaded with a file. Raises SealError."""
    return (
        secrets.open_sealed(scan.sealed_password, context=_context(scan.id)) if scan.sealed_password else ""
    )


def refusal_of(error: UploadError) -> str:
    """Say why a file was not taken, in the reader's language."""
    if error.reason == "size":
        return gettext(
            "The file is larger than %(most)d MiB, the most that is taken here. Leave out what is not needed (photos,"
            " videos), or let the operator raise VEDETTE_SCAN_MB."
        ) % {"most": config.current().scan_megabytes}
    return gettext("The server has no room for the file. Nothing of it was kept; tell the operator.")


def _check_quota() -> None:
    if Scan.objects.filter(status__in=UNDER_WAY).count() >= MOST_UNDER_WAY:
        raise Refused(
            gettext("%(most)d scans wait or run already. Upload the next one when one of them is done.")
            % {"most": MOST_UNDER_WAY}
        )
    if Scan.objects.count() >= MOST_KEPT:
        raise Refused(
            gettext("%(most)d scans are kept already. Delete some that are no longer needed.")
            % {"most": MOST_KEPT}
        )


def _target(scan: Scan) -> Target:
    return Target("scan", str(scan.id), scan.file_name)


def _context(scan_id: UUID) -> str:
    return f"scan:{scan_id}:password"
