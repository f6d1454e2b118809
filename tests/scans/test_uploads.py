"""Uploads from the first byte to the result: limits, hostile files, what is kept, what is deleted and when."""

import asyncio
import io
import os
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.facts.acquisitions import GETPROP
from tests.support.console import audit
from tests.support.database import Database
from tests.support.scenes import Scenes
from tests.support.world import ADA, World, begin

from vedette.foundation import clock, config, database
from vedette.foundation import jobs as queue
from vedette.scans import analysis, intake, jobs, kept, reading, uploads
from vedette.scans.child import Upload, read_upload
from vedette.scans.models import Scan
from vedette.scans.sandbox import Bounds, SandboxError
from vedette.scans.uploads import Incoming, Received, UploadError
from vedette_facts.acquisition.found import Acquisition
from vedette_facts.limits import UnreadableError

ROOTED = b'["/system/xbin/su"]'


@pytest.fixture
def world(db: Database, scenes: Scenes) -> World:
    assert db.name
    return scenes.give("scans", lambda: begin("Contoso"))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path))
    config.current.cache_clear()
    yield
    monkeypatch.undo()
    config.current.cache_clear()


def received(content: bytes) -> Received:
    incoming = Incoming()
    incoming.write(content)
    return incoming.finish()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def upload(world: World, content: bytes, name: str = "phone.zip", **more: Any) -> Scan:
    return intake.accept(world.tenant_id, received(content), name, ADA, **more)


def fresh(world: World, scan: Scan) -> Scan:
    with database.tenant(world.tenant_id):
        return Scan.objects.get(id=scan.id)


def analysed(world: World, content: bytes, name: str = "phone.zip", **more: Any) -> Scan:
    scan = upload(world, content, name, **more)
    analysis.analyse(world.tenant_id, scan.id)
    return fresh(world, scan)


def files() -> list[str]:
    return [path.name for path in (config.current().home / "uploads").glob("*")]


def test_a_phone_is_judged_and_its_file_is_gone(world: World) -> None:
    content = zipped({"getprop.txt": GETPROP.encode(), "root_binaries.json": ROOTED, "odd.bin": b"\0"})
    waiting = upload(world, content)
    (stored,) = files()
    assert stored != "phone.zip"
    assert uploads.path_of(stored).stat().st_mode & 0o777 == 0o600
    analysis.analyse(world.tenant_id, waiting.id)
    scan = fresh(world, waiting)
    assert (scan.status, scan.phone, scan.platform, scan.worst) == ("done", "Example E1", "ANDROID", 4)
    assert files() == []
    assert scan.stored_as == ""
    assert scan.result
    told = kept.from_json(scan.result).scan().as_json()
    assert {"ROOT_JAILBREAK"} <= {row["classification"] for row in told["findings"]}
    assert told["facts"]["device"]["model"] == "E1"
    assert {"path": "odd.bin", "why": "Nothing here reads this kind of file."} in told["unread"]
    (event,) = audit(world, "scan.uploaded")
    assert (event.actor_name, event.target_name) == (ADA.name, "phone.zip")


def read_here(upload: Upload) -> Acquisition:
    """Read in this process, with the child's answer where nothing can be read."""
    try:
        return read_upload(upload)
    except UnreadableError as error:
        raise SandboxError("refused", str(error)) from None


BROKEN = zipped({"getprop.txt": GETPROP.encode()})
HOSTILE = {
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "cat.png", "unreadable", "Nothing here reads this kind"),
    "a truncated zip": (BROKEN[: len(BROKEN) // 2], "phone.zip", "unreadable", "Nothing here reads"),
    "an empty zip": (zipped({}), "phone.zip", "unreadable", "holds no file"),
    "a bomb": (zipped({"getprop.txt": bytes(60_000_000)}), "bomb.zip", "unreadable", "times its size"),
    "an encrypted backup": (
        b"ANDROID BACKUP\n5\n1\nAES-256\n" + b"00\n" * 5 + b"x", "backup.ab", "unreadable", "no password",
    ),
    "names that lead out": (zipped({"../../etc/passwd": b"x"}), "p.zip", "unreadable", "holds no file"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "name", "failure", "why"), HOSTILE.values(), ids=HOSTILE)
def test_a_bad_file_gets_a_clear_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str, failure: str, why: str
) -> None:
    if name != "bomb.zip":  # a child of its own costs a quarter of a second
        monkeypatch.setattr(reading, "acquisition", read_here)
    scan = analysed(world, content, name)
    assert (scan.status, scan.failure) == ("failed", failure)
    assert why in scan.why
    assert files() == []


@pytest.mark.parametrize(
    ("bounds", "failure"),
    [(Bounds(seconds=0.01), "time"), (Bounds(answer=4), "output")],
    ids=["time", "answer"],
)
def test_a_file_that_passes_a_limit_ends_its_analysis_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, bounds: Bounds, failure: str
) -> None:
    read = reading.acquisition
    monkeypatch.setattr(reading, "acquisition", lambda upload: read(upload, bounds))
    scan = analysed(world, zipped({"getprop.txt": GETPROP.encode()}))
    assert (scan.status, scan.failure) == ("failed", failure)
    assert files() == []


def test_text_that_no_database_takes_is_kept_all_the_same(world: World) -> None:
    scan = analysed(world, b"[ro.product.model]: [E\0 1]\n[ro.build.version.release]: [15]\n", "getprop.txt")
    assert scan.status == "done"
    assert "\0" not in str(scan.result)


def test_a_password_is_sealed_and_forgotten(world: World, shared_dir: Path) -> None:
    content = (shared_dir / "intel/mvt-test-artifacts/artifacts/androidqf_encrypted/backup.ab").read_bytes()
    waiting = upload(world, content, "backup.ab", password="123456")
    assert "123456" not in waiting.sealed_password
    assert waiting.sealed_password
    analysis.analyse(world.tenant_id, waiting.id)
    scan = fresh(world, waiting)
    assert (scan.status, scan.sealed_password, scan.kind) == ("done", "", "Android backup")
    wrong = analysed(world, content, "backup.ab", password="654321")
    assert "password is not the one" in wrong.why


def test_too_much_is_refused_and_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_SCAN_MB", "1")
    config.current.cache_clear()
    incoming = Incoming()
    incoming.write(bytes(1024 * 1024))
    with pytest.raises(UploadError, match="size"):
        incoming.write(b"1")
    with pytest.raises(intake.Refused, match="empty"):
        upload(world, b"")
    monkeypatch.setattr(intake, "MOST_UNDER_WAY", 0)
    with pytest.raises(intake.Refused, match="wait or run already"):
        upload(world, b"x")
    assert files() == []
    assert audit(world, "scan.uploaded") == []


def test_a_full_disk_takes_no_upload_and_keeps_its_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world
    incoming = Incoming()
    monkeypatch.setattr(uploads, "_LOOK_EVERY", 10)
    monkeypatch.setattr(uploads, "_ROOM_LEFT", 2**62)
    with pytest.raises(UploadError, match="room"):
        incoming.write(bytes(11))
    with pytest.raises(UploadError, match="room"):
        Incoming()
    assert files() == []


def test_a_scan_that_is_deleted_stays_deleted(world: World) -> None:
    scan = upload(world, zipped({"getprop.txt": GETPROP.encode()}))
    assert intake.delete(world.tenant_id, scan.id, ADA)
    assert files() == []
    analysis.analyse(world.tenant_id, scan.id)
    with database.tenant(world.tenant_id):
        assert not Scan.objects.exists()
    assert not intake.delete(world.tenant_id, scan.id, ADA)
    assert [event.action for event in audit(world)][-1] == "scan.deleted"


def test_what_a_crash_left_is_swept(world: World) -> None:
    cut_off, wanted = received(b"cut off"), upload(world, zipped({"getprop.txt": GETPROP.encode()}))
    for name in files():
        os.utime(uploads.path_of(name), (time.time() - 7200,) * 2)
    jobs.sweep_files()
    assert files() == [wanted.stored_as]
    assert cut_off.stored_as not in files()
    with database.tenant(world.tenant_id):
        rows = Scan.objects.filter(id=wanted.id)
        rows.update(status="running", attempts=2, started_at=clock.now() - timedelta(hours=1),
                    created_at=clock.now() - timedelta(hours=1))  # fmt: skip
    jobs.take_up_again()
    analysis.analyse(world.tenant_id, wanted.id)
    assert (fresh(world, wanted).failure, files()) == ("crash", [])


def test_results_go_when_their_time_is_over(world: World) -> None:
    scan = analysed(world, zipped({"getprop.txt": GETPROP.encode()}))
    assert scan.keep_until - scan.created_at == timedelta(days=90)
    jobs.end_kept()
    with database.tenant(world.tenant_id):
        assert Scan.objects.update(keep_until=clock.now() - timedelta(seconds=1)) == 1
    jobs.end_kept()
    with database.tenant(world.tenant_id):
        assert not Scan.objects.exists()
    assert audit(world, "scan.deleted")[0].actor_type == "SYSTEM"


def test_a_file_that_is_not_there_says_so(world: World) -> None:
    scan = upload(world, b"x")
    uploads.delete(scan.stored_as)
    analysis.analyse(world.tenant_id, scan.id)
    assert fresh(world, scan).failure == "lost"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\bo\\phone.zip", "phone.zip"),
        ("../../etc/passwd", "passwd"),
        ("a\u202egpj.exe\n\0", "agpj.exe"),
        ("", "upload"),
        ("///", "upload"),
        ("x" * 300 + ".zip", "x" * 145 + "….zip"),
        ("<b>é 1.ab", "<b>é 1.ab"),
    ],
)
def test_names_neither_deceive_nor_break(given: str, shown: str) -> None:
    assert uploads.clean_name(given) == shown


def test_what_is_kept_is_bounded() -> None:
    cut: dict[str, int] = {}
    got = kept._within("timeline", ["x" * 1000] * 3000, cut)
    assert len(got) == kept.PART_BYTES // 1002
    assert cut == {"timeline": 3000}


def test_the_worker_takes_it_up_by_itself(world: World) -> None:
    scan = upload(world, zipped({"getprop.txt": GETPROP.encode()}))

    async def until_empty() -> None:
        async with queue.app.open_async():
            await queue.app.run_worker_async(wait=False, concurrency=1, install_signal_handlers=False)

    asyncio.run(until_empty())
    assert fresh(world, scan).status == "done"
