"""Feeds on a real database: versions, activation, roll-back, the index in force, privileges."""

import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import ProgrammingError
from tests.support.database import Database

from vedette.feeds import index, store, tables
from vedette.feeds.models import Feed, FeedVersion
from vedette.feeds.models import Indicator as Row
from vedette.foundation import clock, database
from vedette.intel import Hints, ImportFailedError, Kind, read

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("db")]
DEMO = Path(store.__file__).parent / "demo"


def feed(*packages: str) -> bytes:
    listed = "".join(f"  - {package}\n" for package in packages)
    return f"- name: DemoSpy\n  type: stalkerware\n  packages:\n{listed}".encode()


def hits(package: str) -> list[tuple[str, int]]:
    with database.system():
        return [(hit.source.feed, hit.source.version) for hit in index.current().package(package)]


def test_an_import_is_in_force_at_once_and_the_next_one_replaces_it() -> None:
    first = store.import_document("spies", feed("org.x.a", "org.x.b"), licence="CC-BY-4.0")
    assert (first.number, first.fresh, first.active, first.added, first.removed) == (1, True, True, 2, 0)
    assert hits("org.x.a") == [("spies", 1)]
    second = store.import_document("spies", feed("org.x.b", "org.x.c"))
    assert (second.number, second.added, second.removed) == (2, 1, 1)
    assert hits("org.x.a") == []
    assert hits("org.x.b") == hits("org.x.c") == [("spies", 2)]
    (known,) = store.status()
    assert (known.active, known.versions, known.taken, known.licence) == (2, (1, 2), 2, "CC-BY-4.0")


def test_roll_back() -> None:
    for packages in (["org.x.a"], ["org.x.b"], ["org.x.c"]):
        store.import_document("spies", feed(*packages))
    assert store.roll_back("spies").number == 2
    assert hits("org.x.b") == [("spies", 2)]
    assert store.roll_back("spies").number == 1
    with pytest.raises(store.FeedError, match="Versions kept: 1, 2, 3"):
        store.roll_back("spies")
    again = store.roll_back("spies", to=3)
    assert (again.number, again.added, again.removed) == (3, 1, 1)
    with pytest.raises(store.FeedError, match="no feed others"):
        store.roll_back("others")


def test_switched_off_and_on_again() -> None:
    store.import_document("spies", feed("org.x.a"))
    store.switch_off("spies")
    assert hits("org.x.a") == []
    assert store.status()[0].active is None
    assert store.roll_back("spies").number == 1
    assert hits("org.x.a") == [("spies", 1)]


def test_the_same_text_makes_no_new_version_but_another_reading_does() -> None:
    store.import_document("spies", feed("org.x.a"))
    store.import_document("spies", feed("org.x.b"))
    back = store.import_document("spies", feed("org.x.a"))
    assert (back.number, back.fresh, back.active) == (1, False, True)
    assert hits("org.x.a") == [("spies", 1)]
    assert store.import_document("spies", feed("org.x.a"), untyped="ADWARE").number == 3


def test_days_of_validity_and_confidence_make_another_reading_of_the_same_text() -> None:
    store.import_document("spies", feed("org.x.a"))
    readings: list[dict[str, Any]] = [{"confidence": 40}, {"valid_days": 1}, {"valid_days": 90}]
    for number, reading in enumerate(readings, 2):
        done = store.import_document("spies", feed("org.x.a"), **reading)
        assert (done.number, done.fresh) == (number, True)
    assert store.import_document("spies", feed("org.x.a"), valid_days=90).number == 4
    assert store.import_document("spies", feed("org.x.a"), hints=Hints(family="Other")).number == 5


def test_a_feed_found_unchanged_counts_the_days_of_validity_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()

    def after(days: int) -> list[tuple[str, int]]:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=days))
        return hits("org.x.a")

    store.import_document("spies", feed("org.x.a"), valid_days=7)
    assert after(6) == [("spies", 1)]
    store.import_document("spies", feed("org.x.a"), valid_days=7)
    assert after(12) == [("spies", 1)]
    store.renew("spies", 7)  # the server answered that nothing changed
    assert after(18) == [("spies", 1)]
    assert after(20) == []


def test_stored_without_being_put_in_force() -> None:
    store.import_document("spies", feed("org.x.a"))
    waiting = store.import_document("spies", feed("org.x.b"), activate=False)
    assert (waiting.active, waiting.added, waiting.removed) == (False, 1, 1)
    assert hits("org.x.a") == [("spies", 1)]
    assert store.roll_back("spies", to=2).number == 2


def test_a_text_that_cannot_be_read_changes_nothing() -> None:
    store.import_document("spies", feed("org.x.a"))
    for text in (b"", b"hello", b"- name: X\n  type: stalkerware\n  packages: [nodots]"):
        with pytest.raises(ImportFailedError):
            store.import_document("spies", text)
    with pytest.raises(ImportFailedError):
        store.import_document("new", b"hello")
    assert hits("org.x.a") == [("spies", 1)]
    with database.system():
        assert FeedVersion.objects.count() == Feed.objects.count() == 1


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "-x"])
def test_names_of_feeds(name: str) -> None:
    with pytest.raises(store.FeedError, match="no name for a feed"):
        store.import_document(name, feed("org.x.a"))


def test_too_large_a_text() -> None:
    with pytest.raises(store.FeedError, match="at most"):
        store.import_document("spies", b" " * (store.LARGEST_BYTES + 1))


def test_old_versions_are_forgotten() -> None:
    for n in range(store.KEPT_VERSIONS + 4):
        store.import_document("spies", feed(f"org.x.a{n}"))
    last = store.KEPT_VERSIONS + 4
    assert store.status()[0].versions == tuple(range(last - store.KEPT_VERSIONS, last + 1))
    with database.system():
        assert Row.objects.count() == store.KEPT_VERSIONS + 1


def test_tables_stay_in_the_database_until_they_are_asked_for() -> None:
    page = b"---\npermalink: /android\nreleases:\n  - releaseCycle: '13'\n    eol: 2026-03-02\n---\n"
    store.import_document("life", page)
    with database.system():
        (version,) = Feed.objects.get(name="life").versions.all()
        assert version.get_deferred_fields() == FeedVersion.objects.get().get_deferred_fields() == {"table"}
        assert tables.current().android_support("13", None, date(2026, 3, 2)).supported is False
        assert tables.current() is tables.current()


def test_what_is_stored_is_what_was_read() -> None:
    text = (DEMO / "demo-malware.json").read_bytes()
    store.import_document("demo", text)
    document = read(text)
    with database.system():
        current = index.current()
    assert current.size == document.report.total
    for item in document.indicators:
        (hit,) = current.find(item.kind, item.value)
        assert (hit.classification, hit.family, hit.role, hit.note) == item[2:6]


def test_the_end_of_validity_survives_the_database() -> None:
    text = json.dumps(
        {
            "type": "bundle",
            "objects": [
                {
                    "type": "indicator",
                    "id": "indicator--1",
                    "pattern": "[process:name='a']",
                    "valid_until": "2200-01-01T00:00:00Z",
                }
            ],
        }
    ).encode()
    store.import_document("ends", text)
    with database.system():
        assert Row.objects.get().detail == {"valid_until": "2200-01-01T00:00:00+00:00"}
        assert index.current().find(Kind.PROCESS, "a")


def test_the_index_is_kept_until_the_versions_change() -> None:
    store.import_document("spies", feed("org.x.a"))
    with database.system():
        assert index.current() is index.current()
        before = index.current()
    store.import_document("others", feed("org.x.a"))
    assert hits("org.x.a") == [("others", 1), ("spies", 1)]
    with database.system():
        assert index.current() is not before


def test_a_tenant_reads_feeds_and_writes_none() -> None:
    store.import_document("spies", feed("org.x.a"))
    with database.tenant(uuid4()):
        assert index.current().package("org.x.a")
    with pytest.raises(ProgrammingError, match="permission denied"), database.tenant(uuid4()):
        Feed.objects.update(licence="mine")
    with pytest.raises(ProgrammingError, match="permission denied"):
        Feed.objects.count()


def test_one_version_in_force_is_the_database_s_rule(db: Database) -> None:
    store.import_document("spies", feed("org.x.a"))
    store.import_document("spies", feed("org.x.b"))
    with db.owner() as owner, pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute("update feeds_feedversion set active = true")


def test_the_demo_feeds_name_the_demo_families() -> None:
    for path in sorted(DEMO.iterdir()):
        store.import_document(path.stem, path.read_bytes())
    with database.system():
        current = index.current()
    for package, code in {
        "org.vedette.demo.spyapp": "SURVEILLANCEWARE",
        "org.vedette.demo.banker": "TROJAN",
        "org.vedette.demo.adsdk": "ADWARE",
        "org.vedette.demo.watch": "RISKWARE",
    }.items():
        assert [hit.classification for hit in current.package(package)] == [code]


def test_published_feeds_load_quickly(shared_dir: Path) -> None:
    folder = shared_dir / "intel" / "assoechap-stalkerware" / "feed_2024-12-31"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: the published stalkerware feed is not here")
    start = time.process_time()
    for path in sorted(folder.iterdir()):
        store.import_document(path.stem, path.read_bytes())
    with database.system():
        current = index.current()
    assert current.size == sum(known.taken for known in store.status()) > 5000
    assert time.process_time() - start < 10
