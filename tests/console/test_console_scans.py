"""Scans in the console: uploading, following, reading, taking out, deleting; what is refused says why."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.facts.acquisitions import GETPROP
from tests.support.console import Member, audit, text
from tests.support.world import facts

from vedette.compliance.assess import assess
from vedette.console import scan_upload
from vedette.foundation import clock, config, database
from vedette.scans import analysis, reading
from vedette.scans.child import read_upload
from vedette.scans.models import Scan

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path))
    monkeypatch.setenv("VEDETTE_SCAN_MB", "1")
    # the child is tried where uploads are tested; here it would cost a quarter of a second each
    monkeypatch.setattr(reading, "acquisition", read_upload)
    config.current.cache_clear()
    yield
    monkeypatch.undo()
    config.current.cache_clear()


def phone() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("getprop.txt", GETPROP.replace("E1", "<b>E1</b>"))
        archive.writestr("root_binaries.json", '["/system/xbin/su"]')
        archive.writestr("odd<i>.bin", b"\0")
    return packed.getvalue()


def send(member: Member, content: bytes, name: str = "phone.zip", **more: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return member.post("/scans/new", file=file, **({"password": "", "whole": "1"} | more))


def uploaded(member: Member, content: bytes, name: str = "phone.zip") -> Scan:
    answer = send(member, content, name)
    assert answer.status_code == 302, text(answer)
    with database.tenant(member.world.tenant_id):
        return Scan.objects.latest("created_at")


def analysed(member: Member, content: bytes, name: str = "phone.zip") -> Scan:
    scan = uploaded(member, content, name)
    analysis.analyse(member.world.tenant_id, scan.id)
    return scan


def left_over() -> list[Path]:
    return list((config.current().home / "uploads").glob("*"))


def test_from_the_form_to_the_findings(full: Member) -> None:
    assert "Nothing was uploaded yet" in text(full.get("/scans/"))
    assert 'enctype="multipart/form-data"' in text(full.get("/scans/new"))
    scan = uploaded(full, phone())
    path = f"/scans/{scan.id}/"
    waiting = text(full.get(path))
    assert 'hx-trigger="load delay:2s"' in waiting
    assert "Waiting for its turn" in waiting
    analysis.analyse(full.world.tenant_id, scan.id)
    done = text(full.get(path))
    assert "hx-trigger" not in done
    assert "&lt;b&gt;E1&lt;/b&gt;" in done
    assert "<b>E1" not in done
    assert "How to mend it" in done
    assert "odd&lt;i&gt;.bin" in done
    assert "Nothing here reads this kind of file." in done
    listed = text(full.get("/scans/", q="phone", status="done"))
    assert path in listed
    assert path not in text(full.get("/scans/", status="failed"))
    assert left_over() == []


def test_reports_are_taken_out_and_noted(full: Member) -> None:
    scan = analysed(full, phone())
    told = json.loads(full.get(f"/scans/{scan.id}/report.json").content)
    assert told["facts"]["device"]["model"] == "<b>E1</b>"
    html = full.get(f"/scans/{scan.id}/report.html")
    assert "attachment" in html["Content-Disposition"]
    assert "&lt;b&gt;E1&lt;/b&gt;" in text(html)
    assert json.loads(full.get(f"/scans/{scan.id}/report.stix").content)["type"] == "bundle"
    assert full.get(f"/scans/{scan.id}/report.exe").status_code == 404
    exported = audit(full.world, "scan.exported")
    assert [event.detail["kind"] for event in exported] == ["json", "html", "stix"]


def test_deleting_asks_first(full: Member) -> None:
    scan = analysed(full, phone())
    assert "for good" in text(full.get(f"/scans/{scan.id}/delete"))
    page = text(full.follow(f"/scans/{scan.id}/delete"))
    assert "is deleted" in page
    assert full.get(f"/scans/{scan.id}/").status_code == 404
    assert audit(full.world, "scan.deleted")


REFUSED = {
    "empty": (b"", {}, "is empty"),
    "too large": (bytes(1024 * 1024 + 1), {}, "larger than 1 MiB"),
    "cut off": (b"x", {"whole": None}, "connection broke"),
}


@pytest.mark.parametrize(("content", "more", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why_and_leaves_nothing(
    full: Member, content: bytes, more: dict[str, Any], why: str
) -> None:
    form = {name: value for name, value in ({"whole": "1"} | more).items() if value}
    answer = full.post("/scans/new", file=SimpleUploadedFile("phone.zip", content), **form)
    assert answer.status_code == 422
    assert why in text(answer)
    assert left_over() == []
    with database.tenant(full.world.tenant_id):
        assert not Scan.objects.exists()


def test_no_file_and_too_many_at_once(full: Member) -> None:
    assert "Choose a file." in text(full.post("/scans/new", whole="1"))
    taken = [scan_upload._places.acquire(blocking=False) for _ in range(scan_upload.AT_ONCE)]
    try:
        answer = send(full, phone())
    finally:
        for _ in taken:
            scan_upload._places.release()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert send(full, phone()).status_code == 302


def test_a_forged_form_is_not_taken(full: Member) -> None:
    full.client.handler.enforce_csrf_checks = True
    assert send(full, phone()).status_code == 403
    assert left_over() == []


def test_what_cannot_be_read_says_why_and_what_to_do(full: Member) -> None:
    scan = analysed(full, b"\x89PNG\r\n\x1a\n", "cat.png")
    page = text(full.get(f"/scans/{scan.id}/"))
    assert "Nothing in the file could be read" in page
    assert "Nothing here reads this kind of file." in page
    assert "What can be read" in page


def test_others_neither_see_nor_touch_it(full: Member, restricted: Member, stranger: Member) -> None:
    scan = analysed(full, phone())
    for path in (f"/scans/{scan.id}/", f"/scans/{scan.id}/delete", f"/scans/{scan.id}/report.json"):
        assert restricted.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/scans/{scan.id}/delete").status_code == 404
    assert str(scan.id) not in text(stranger.get("/scans/"))
    assert send(restricted, phone()).status_code == 403
    assert left_over() == []
    with database.tenant(full.world.tenant_id):
        assert Scan.objects.count() == 1


def moment(delta: timedelta = timedelta()) -> str:
    return (clock.now() + delta).strftime("%Y-%m-%dT%H:%M:%S")


def test_saying_whose_phone_it_is(full: Member, stranger: Member) -> None:
    world = full.world
    (device,) = world.activated()
    world.report(device, facts())
    assess(world.tenant_id)
    scan = analysed(full, phone())
    chosen = text(full.get(f"/scans/{scan.id}/device", q=device.owner_upn))
    assert f"/scans/{scan.id}/device/{device.id}" in chosen
    path = f"/scans/{scan.id}/device/{device.id}"
    before = text(full.get(path, collected=moment()))
    assert "Weakened system protection" in before
    assert "threats are opened" in before
    assert "Nobody has said so yet" in text(full.get(f"/scans/{scan.id}/"))
    done = text(full.follow(path, collected=moment()))
    assert "counts for this device until" in done
    assert "Scans that count" in done
    assert "High risk" in done
    assert "A scan of the phone" in done
    for question in ("delete", "detach"):
        assert "rest on scans" in text(full.get(f"/scans/{scan.id}/{question}"))
    for address in (f"/scans/{scan.id}/device", path, f"/scans/{scan.id}/detach"):
        assert stranger.get(address).status_code == 404
    assert "counts no more" in text(full.follow(f"/scans/{scan.id}/detach"))
    assert "Secured" in text(full.get(f"/devices/{device.id}/"))


def test_a_scan_that_is_too_old_is_not_counted(full: Member) -> None:
    (device,) = full.world.activated()
    scan = analysed(full, phone())
    answer = full.follow(f"/scans/{scan.id}/device/{device.id}", collected=moment(-timedelta(days=40)))
    assert "Collect it anew" in text(answer)
