"""Addresses about scans and links."""

from typing import Final

from vedette.api.native import links, scans
from vedette.api.native.route import Route
from vedette.tenants.application_keys import Scope

AREA: Final = "Scans"

SCAN_ROUTES: Final = (
    Route(
        method="GET",
        path="/scans",
        name="listScans",
        summary="List scans, the newest first",
        area=AREA,
        scope=Scope.SCANS_READ,
        module="scans",
        query=scans.ScanQuery,
        answer=scans.ScanPage,
        act=scans.listed,
    ),
    Route(
        method="POST",
        path="/scans",
        name="uploadScan",
        summary="Upload what was collected of a phone, or an application, and have it analysed",
        area=AREA,
        scope=Scope.SCANS_WRITE,
        module="scans",
        right="modify",
        query=scans.UploadQuery,
        upload=True,
        answer=scans.Scan,
        status=202,
        headers=(scans.PASSWORD,),
        refusals=("refused",),
        act=scans.upload,
        notes="The body is the file itself: a zip archive, a backup, a text or an app. Follow `status` at the address"
        " that Location names. The file is deleted as soon as it was read. `Scan-Password` opens an encrypted backup.",
    ),
    Route(
        method="GET",
        path="/scans/{scan_id}",
        name="getScan",
        summary="How far a scan is",
        area=AREA,
        scope=Scope.SCANS_READ,
        module="scans",
        answer=scans.Scan,
        act=scans.one,
    ),
    Route(
        method="GET",
        path="/scans/{scan_id}/result",
        name="getScanResult",
        summary="What a scan found, as `vedette scan --json` writes it",
        area=AREA,
        scope=Scope.SCANS_READ,
        module="scans",
        answer=scans.ScanResult,
        refusals=("conflict",),
        act=scans.result,
        notes="Each time it is handed out stands in the audit trail.",
    ),
    Route(
        method="DELETE",
        path="/scans/{scan_id}",
        name="deleteScan",
        summary="Delete a scan with its findings",
        area=AREA,
        scope=Scope.SCANS_WRITE,
        module="scans",
        right="modify",
        status=204,
        act=scans.delete,
    ),
    Route(
        method="POST",
        path="/links/check",
        name="checkLinks",
        summary="Whether addresses are dangerous",
        area="Links",
        scope=Scope.LINKS_CHECK,
        module="threats",
        changes=False,
        body=links.LinkWish,
        most_bytes=512 * 1024,
        answer=links.LinkAnswer,
        refusals=("refused",),
        act=links.check,
        notes="Nothing of what is asked is kept, and no address is called.",
    ),
)
