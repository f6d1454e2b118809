"""Files that are uploaded for analysis, what was found in them, and links that are asked about."""

import hashlib
from typing import Any

import httpx
import pytest
from tests.api.native.conftest import Places
from tests.support.native_api import PREFIX, Program
from tests.support.world import World

from vedette.api.native.models import KeptAnswer
from vedette.events.models import Event
from vedette.foundation import database
from vedette.scans import intake, uploads
from vedette.scans.models import Scan

FILE = b"PK\x03\x04 not really" * 100_000


def upload(ours: Program, content: bytes = FILE, name: str = "phone.zip", **headers: str) -> httpx.Response:
    given = {"Content-Type": "application/octet-stream"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    return ours.ask("POST", "/scans", content=content, params={"file_name": name}, headers=given)


def files() -> set[str]:
    folder = uploads.path_of("")
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def row(world: World, scan_id: str) -> Scan:
    with database.tenant(world.tenant_id):
        return Scan.objects.get(id=scan_id)


def test_a_file_is_taken_in_pieces_and_queued(ours: Program, world: World) -> None:
    answer = upload(ours, name="../../etc/phone.zip", scan_password="open sesame")
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert answer.headers["location"] == f"{PREFIX}/scans/{told['id']}"
    assert (told["file_name"], told["size"], told["status"]) == ("phone.zip", len(FILE), "waiting")
    assert told["sha256"] == hashlib.sha256(FILE).hexdigest()
    scan = row(world, told["id"])
    assert uploads.path_of(scan.stored_as).read_bytes() == FILE
    assert intake.password_of(scan) == "open sesame"
    assert ours.read(f"/scans/{told['id']}") == told
    assert told["id"] in {item["id"] for item in ours.read("/scans", status="waiting")["items"]}
    early = ours.get(f"/scans/{told['id']}/result")
    assert (early.status_code, "waiting" in early.json()["detail"]) == (409, True)
    with database.tenant(world.tenant_id):
        (made,) = Event.objects.filter(action="scan.uploaded")
    assert made.actor_id == str(ours.key_id)
    assert ours.ask("DELETE", f"/scans/{told['id']}").status_code == 204
    assert not uploads.path_of(scan.stored_as).exists()


def test_a_file_that_is_sent_twice_under_one_key_is_scanned_once(ours: Program, world: World) -> None:
    before = files()
    first, again = (upload(ours, idempotency_key="scan-1") for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(files() - before) == 1
    other = upload(ours, b"PK another", idempotency_key="scan-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert len(files() - before) == 1
    uploads.delete(row(world, first.json()["id"]).stored_as)


def test_what_is_not_taken_leaves_nothing(ours: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    empty = upload(ours, b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "refused")
    form = ours.ask("POST", "/scans", params={"file_name": "x"}, files={"file": b"x"})
    assert (form.status_code, form.json()["code"]) == (415, "media_type")
    monkeypatch.setattr(intake, "MOST_UNDER_WAY", 0)
    full = upload(ours)
    assert (full.status_code, "wait or run already" in full.json()["detail"]) == (422, True)
    monkeypatch.setattr(uploads, "most_bytes", lambda: 1000)
    for content in (FILE, (part for part in [FILE[:600], FILE[:600]])):
        large = upload(ours, content)  # type: ignore[arg-type] # httpx sends a generator in chunks
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert files() == before


def test_what_was_found_is_handed_out_and_noted(ours: Program, world: World, places: Places) -> None:
    found = ours.read(f"/scans/{places['scan_id']}/result")
    assert [finding["classification"] for finding in found["findings"]] == ["TROJAN"]
    assert set(found) >= {"facts", "findings", "unread"}
    told = ours.read(f"/scans/{places['scan_id']}")
    assert (told["status"], told["worst"], told["findings"]) == ("done", "HIGH", 1)
    with database.tenant(world.tenant_id):
        (made,) = Event.objects.filter(action="scan.exported")
    assert (made.actor_id, made.target_id) == (str(ours.key_id), places["scan_id"])


def test_links_that_are_asked_about_under_a_key_are_not_kept(ours: Program, world: World) -> None:
    for link in ("https://example.org/private", "https://example.net/"):
        told = ours.ask("POST", "/links/check", {"links": [link]}, headers={"Idempotency-Key": "one"})
        assert [one["address"] for one in told.json()["links"]] == [link]
    with database.tenant(world.tenant_id):
        assert not KeptAnswer.objects.exists()


def test_links_are_judged_by_the_lists_and_nothing_is_kept(ours: Program, world: World) -> None:
    def events() -> int:
        with database.tenant(world.tenant_id):
            return Event.objects.count()

    before = events()
    answer = ours.post(
        "/links/check", {"links": ["https://example.org/"], "text": "see hxxps://example[.]net/x"}
    )
    assert answer.status_code == 200, answer.text
    told: Any = answer.json()
    assert told["outcome"] == "clean"
    assert {link["address"] for link in told["links"]} >= {"https://example.org/"}
    assert len(told["links"]) == 2
    # two letters of it are Cyrillic
    worse = ours.post(
        "/links/check", {"links": ["https://\u0440\u0430ypal.com/login", "https://example.org"]}
    ).json()
    assert worse["outcome"] == worse["links"][0]["outcome"] != "clean"
    assert worse["links"][0]["classification"] == "PHISHING_CONTENT"
    assert worse["links"][0]["why"]
    assert ours.post("/links/check", {}).json() == {"outcome": "none", "links": []}
    assert events() == before
