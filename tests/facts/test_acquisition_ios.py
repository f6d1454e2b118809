"""iOS backups and what a computer is told about an iPhone."""

import plistlib
import sqlite3
from pathlib import Path

import pytest
from tests.facts.acquisitions import write

from vedette_facts.acquisition.read import read
from vedette_facts.ios import databases


def database(statements: list[str]) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return connection.serialize()


def ios_backup(folder: Path) -> Path:
    safari = database(
        [
            "create table history_items (id integer, url text)",
            "create table history_visits (history_item integer, visit_time real)",
            "insert into history_items values (1, 'https://evil.example/page')",
            "insert into history_visits values (1, 788918400)",
        ]
    )
    profile = plistlib.dumps(
        {
            "PayloadIdentifier": "org.example.profile",
            "PayloadContent": [{"PayloadType": "com.apple.vpn.managed"}],
        }
    )
    files = [
        ("a" * 40, "HomeDomain", "Library/Safari/History.db", safari),
        (
            "b" * 40,
            "SysSharedContainerDomain-systemgroup.com.apple.configurationprofiles",
            "Library/ConfigurationProfiles/profile-1.stub",
            profile,
        ),
        ("c" * 40, "HomeDomain", "Library/SMS/sms.db", b"not a database"),
    ]
    rows = [f"insert into Files values ('{i}', '{d}', '{p}', 1)" for i, d, p, _ in files]  # noqa: S608 - our own values
    folder.mkdir()
    (folder / "Manifest.db").write_bytes(
        database(["create table Files (fileID text, domain text, relativePath text, flags integer)", *rows])
    )
    info = {
        "Product Type": "iPhone14,5",
        "Product Version": "17.2",
        "Installed Applications": ["com.saurik.Cydia", "org.example.app", 7],
    }
    (folder / "Info.plist").write_bytes(plistlib.dumps(info))
    for name, _, _, content in files:
        (folder / name[:2]).mkdir(exist_ok=True)
        (folder / name[:2] / name).write_bytes(content)
    return folder


def test_an_ios_backup(tmp_path: Path) -> None:
    got = read(ios_backup(tmp_path / "ios"))
    assert got.facts is not None
    assert (got.facts.device.model, got.facts.device.os_version) == ("iPhone14,5", "17.2")
    assert got.facts.posture.root_signs == ["application Cydia"]
    assert [app.package for app in got.facts.apps or ()] == ["com.saurik.Cydia", "org.example.app"]
    assert got.facts.settings is not None
    assert [(p.identifier, p.kinds) for p in got.facts.settings.profiles or ()] == [
        ("org.example.profile", ["com.apple.vpn.managed"])
    ]
    assert [moment.what for moment in got.timeline] == ["Safari opened https://evil.example/page"]
    assert got.timeline[0].at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert [(part.path, "not an SQLite database" in part.why) for part in got.unread] == [
        ("HomeDomain/Library/SMS/sms.db", True)
    ]


def test_an_encrypted_ios_backup_says_so(tmp_path: Path) -> None:
    folder = ios_backup(tmp_path / "ios")
    (folder / "Manifest.db").write_bytes(b"\x81\x02" * 500)
    got = read(folder)
    assert "encrypted backup" in got.unread[0].why
    assert got.facts is not None


ENDLESS = """create view message as with recursive n(i) as (select 1 union all select i + 1 from n)
    select 'http' as text, i as date from n where i < 0"""


def test_queries_of_all_databases_together_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view stands where the table of messages should: it never ends by itself."""
    monkeypatch.setattr(databases, "_MOST_CALLS", 200)
    folder = ios_backup(tmp_path / "ios")
    (folder / "cc" / ("c" * 40)).write_bytes(database([ENDLESS]))
    got = read(folder)
    assert [(part.path, part.why) for part in got.unread] == [
        ("HomeDomain/Library/SMS/sms.db", "The database could not be read: interrupted.")
    ]
    assert got.facts is not None


def test_a_long_text_is_no_information_about_an_iphone(tmp_path: Path) -> None:
    long = "ProductType: iPhone12,1\n" + "x" * (4 * 1024 * 1024)
    assert read(write(tmp_path / "i", {"info.txt": long})).facts is None


def test_what_a_computer_was_told_about_an_iphone(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "i",
        {
            "info.txt": "DeviceName: x\nProductType: iPhone12,1\nProductVersion: 16.1\nPasswordProtected: false\n",
            "apps.txt": 'CFBundleIdentifier, CFBundleVersion, CFBundleDisplayName\norg.example.app, "1.0", "An app"\n',
        },
    )
    facts = read(folder).facts
    assert facts is not None
    assert facts.posture.screen_lock is False
    assert [(app.package, app.version, app.name) for app in facts.apps or ()] == [
        ("org.example.app", "1.0", "An app")
    ]


def test_a_real_backup(shared_dir: Path) -> None:
    backup = read(shared_dir / "intel/mvt-test-artifacts/artifacts/ios_backup")
    assert backup.facts is not None
    assert backup.facts.device.os_version == "14.3"
    assert sum(trace.kind == "file" for trace in backup.traces) > 1000
