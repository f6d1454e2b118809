"""Acquisitions of every kind become the same facts; hostile ones are refused in a sentence, within limits."""

import contextlib
import io
import json
import plistlib
import sqlite3
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette_facts.acquisition import android, tree
from vedette_facts.acquisition.read import read
from vedette_facts.limits import UnreadableError

GETPROP = """[ro.product.manufacturer]: [Example]
[ro.product.model]: [E1]
[ro.build.version.release]: [14]
[ro.build.version.sdk]: [34]
[ro.build.version.security_patch]: [2024-03-05]
[ro.crypto.state]: [encrypted]
[ro.boot.verifiedbootstate]: [orange]
[ro.boot.flash.locked]: [0]
[persist.adb.tcp.port]: [5555]
[persist.sys.timezone]: [Europe/Berlin]
"""
DUMPSYS = """-------------------------------------------------------------------------------
DUMP OF SERVICE CRITICAL accessibility:
     Enabled services:{{org.example.spy/org.example.spy.Watcher}}
--------- 0.004s was the duration of dumpsys accessibility, ending at: 2026-01-02 03:04:05
-------------------------------------------------------------------------------
DUMP OF SERVICE device_policy:
  Enabled Device Admins (User 0, provisioningState: 0):
    org.example.spy/.Admin:
      uid=10200
-------------------------------------------------------------------------------
DUMP OF SERVICE appops:
  Uid u0a200:
    Package org.example.spy:
      REQUEST_INSTALL_PACKAGES (allow):
          Access: [fg-s] 2026-01-01 10:00:00.000 (-1d)
    Package org.example.mail:
      REQUEST_INSTALL_PACKAGES (ignore):
-------------------------------------------------------------------------------
DUMP OF SERVICE package:
Service Resolver Table:
  Non-Data Actions:
      android.accessibilityservice.AccessibilityService:
        1a2b3c org.example.spy/.Watcher

Receiver Resolver Table:
  Non-Data Actions:
      android.intent.action.BOOT_COMPLETED:
        4d5e6f org.example.spy/.Boot (2 filters)

Packages:
  Package [org.example.spy] (d64f8e0):
    userId=10200
    versionCode=7 minSdk=21 targetSdk=22
    versionName=1.2
    flags=[ DEBUGGABLE HAS_CODE ALLOW_BACKUP ]
    firstInstallTime=2026-01-01 10:00:00
    lastUpdateTime=2026-01-02 10:00:00
    installerPackageName=com.android.packageinstaller
    requested permissions:
      android.permission.READ_SMS
      android.permission.INTERNET: restricted=true
    install permissions:
      android.permission.INTERNET: granted=true
    User 0: ceDataInode=1 installed=true hidden=false enabled=0 instant=false
      runtime permissions:
        android.permission.READ_SMS: granted=true, flags=[ USER_SET]
        android.permission.CAMERA: granted=false
  Package [org.example.gone] (d64f8e1):
    versionCode=1 minSdk=21 targetSdk=22
    User 0: ceDataInode=1 installed=false hidden=false enabled=0 instant=false
  Package [com.example.guard] (d64f8e2):
    versionCode=1 minSdk=21 targetSdk=34
    flags=[ SYSTEM HAS_CODE ]
    User 0: ceDataInode=1 installed=true hidden=false enabled=3 instant=false

Shared users:
"""
SETTINGS = """adb_enabled=1
development_settings_enabled=1
package_verifier_enable=0
enabled_notification_listeners=org.example.spy/.Ears:com.example.guard/.Ears
enabled_accessibility_services=null
sms_default_application=com.android.mms
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def androidqf(tmp_path: Path) -> Path:
    package = {
        "name": "org.example.spy",
        "files": [
            {
                "path": "/data/app/org.example.spy/base.apk",
                "sha256": "a" * 64,
                "sha1": "b" * 40,
                "md5": "c" * 32,
                "certificate": {"Sha1": "d" * 40, "Sha256": "E" * 64},
            }
        ],
        "installer": "null",
        "system": False,
        "disabled": False,
    }
    return write(
        tmp_path / "acquisition",
        {
            "getprop.txt": GETPROP,
            "dumpsys.txt": DUMPSYS,
            "settings_global.txt": SETTINGS,
            "packages.json": json.dumps([package]),
            "root_binaries.json": json.dumps(["/system/xbin/su", "/system/bin/odd"]),
            "files.json": json.dumps([{"path": "/sdcard/x.apk", "sha256": "f" * 64, "sha1": ""}]),
            "ps.txt": "USER PID PPID S NAME\nroot 1 0 S init\nroot 2 0 S [kthreadd]\n",
            "selinux.txt": "Permissive\n",
            "notes.bin": "\0",
        },
    )


def test_a_folder_of_androidqf(androidqf: Path) -> None:
    got = read(androidqf)
    facts = got.facts
    assert facts is not None
    assert facts.settings is not None
    assert (facts.device.model, facts.device.sdk, facts.device.security_patch) == ("E1", 34, "2024-03-05")
    assert facts.posture.root is True
    assert facts.posture.adb is True
    assert facts.settings.verified_boot == "orange"
    assert facts.settings.bootloader_locked is False
    assert facts.settings.selinux == "permissive"
    assert facts.settings.adb_network is True
    assert facts.settings.package_verifier is False
    assert facts.settings.accessibility_services == ["org.example.spy/org.example.spy.Watcher"]
    assert facts.settings.device_admins == ["org.example.spy/.Admin"]
    assert facts.settings.notification_listeners == ["org.example.spy/.Ears", "com.example.guard/.Ears"]
    assert facts.settings.unknown_source_apps == ["org.example.spy"]
    assert facts.settings.disabled_packages == ["com.example.guard"]
    assert facts.settings.processes == ["init"]
    assert [(part.path, part.why.split(",")[0]) for part in got.unread] == [
        ("notes.bin", "Nothing here reads this kind of file."),
        ("root_binaries.json", "/system/bin/odd is listed as a root binary"),
    ]
    assert {trace.value for trace in got.traces if trace.kind == "file"} == {
        "/data/app/org.example.spy/base.apk",
        "/sdcard/x.apk",
    }


def test_what_two_sources_say_of_one_application_is_joined(androidqf: Path) -> None:
    facts = read(androidqf).facts
    assert facts is not None
    apps = {app.package: app for app in facts.apps or ()}
    assert set(apps) == {"org.example.spy", "com.example.guard"}
    spy = apps["org.example.spy"]
    assert spy.sha256 == "a" * 64
    assert spy.certificates == ["e" * 64, "d" * 40]
    assert spy.installer == "com.android.packageinstaller"
    assert spy.manifest is not None
    assert spy.manifest.requested == ["android.permission.READ_SMS", "android.permission.INTERNET"]
    assert spy.manifest.granted == ["android.permission.INTERNET", "android.permission.READ_SMS"]
    assert spy.manifest.guards == ["android.permission.BIND_ACCESSIBILITY_SERVICE"]
    assert spy.manifest.actions == ["android.intent.action.BOOT_COMPLETED"]
    assert spy.manifest.debuggable is True
    assert spy.manifest.target_sdk == 22
    assert spy.first_installed is not None
    assert spy.first_installed.isoformat() == "2026-01-01T09:00:00+00:00"
    assert apps["com.example.guard"].system
    assert apps["com.example.guard"].enabled is False


def test_the_same_in_a_zip_with_a_folder_around_it(androidqf: Path, tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in androidqf.iterdir():
            archive.write(path, f"20260102/{path.name}")
        archive.writestr("../outside.txt", "x")
    assert read(packed).facts == read(androidqf).facts


def test_a_bug_report(tmp_path: Path) -> None:
    text = (
        f"== dumpstate: 2026-01-02 03:04:05\n------ SYSTEM PROPERTIES (getprop) ------\n{GETPROP}"
        f"------ PROCESSES AND THREADS (ps -A -T) ------\nUSER PID CMD\nu0_a1 7 org.example.spy\n"
        f"------ DUMPSYS ------\n{DUMPSYS}"
    )
    crash = "Timestamp: 2026-01-02 03:04:05.123456789+0100\npid: 1, tid: 2, name: t  >>> /system/bin/adbd <<<\nuid: 0\n"
    folder = write(tmp_path / "b", {"bugreport-e1.txt": text, "FS/data/tombstones/tombstone_00": crash})
    got = read(folder)
    assert got.facts is not None
    assert got.facts.device.manufacturer == "Example"
    assert [app.package for app in got.facts.apps or ()] == ["org.example.spy", "com.example.guard"]
    assert got.facts.settings is not None
    assert got.facts.settings.processes == ["org.example.spy"]
    assert [(moment.what, moment.at.isoformat()) for moment in got.timeline] == [
        ("adbd running as UID 0 crashed", "2026-01-02T02:04:05.123456+00:00")
    ]


def android_backup(messages: list[dict[str, str]], *, cipher: str = "none") -> bytes:
    packed = zlib.compress(json.dumps(messages).encode())
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("apps/com.android.providers.telephony/d_f/000000_sms_backup")
        member.size = len(packed)
        tar.addfile(member, io.BytesIO(packed))
    return f"ANDROID BACKUP\n5\n1\n{cipher}\n".encode() + zlib.compress(archive.getvalue())


def test_links_in_messages_of_an_android_backup(tmp_path: Path) -> None:
    path = tmp_path / "backup.ab"
    path.write_bytes(android_backup([{"body": "see https://evil.example/x, now.", "date": "1767322800000"}]))
    got = read(path)
    assert [(trace.kind, trace.value) for trace in got.traces] == [
        ("url", "https://evil.example/x"),
        ("app", "com.android.providers.telephony"),
    ]
    assert got.timeline[0].at.isoformat() == "2026-01-02T03:00:00+00:00"
    assert "see" not in got.timeline[0].what.split("link")[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (android_backup([], cipher="AES-256"), "encrypted"),
        (b"ANDROID BACKUP\n5\n1\nnone\nnot zlib", "packing is broken"),
        (b"ANDROID BACKUP\n5\n", "ends in its header"),
        (b"ANDROID BACKUP\n5\n1\nnone\n" + zlib.compress(b"no tar"), "archive in the backup is broken"),
    ],
    ids=["encrypted", "not-packed", "cut", "no-archive"],
)
def test_a_backup_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "backup.ab"
    path.write_bytes(content)
    got = read(path)
    assert got.facts is None
    assert why in got.unread[0].why


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


def test_nothing_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        read(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableError, match="holds no file"):
        read(tmp_path / "empty")


def test_a_bomb_is_noticed_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_FILE_BYTES", 64 * 1024 * 1024)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("getprop.txt", b"\0" * (8 * 1024 * 1024))
    assert "times its size" in read(path).unread[0].why
    monkeypatch.setattr(tree, "MAX_FILE_BYTES", 1024)
    assert "larger than" in read(path).unread[0].why


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(GETPROP)
    folder = write(tmp_path / "a", {"ps.txt": "USER PID NAME\nroot 1 init\n"})
    (folder / "getprop.txt").symlink_to(tmp_path / "secret.txt")
    facts = read(folder).facts
    assert facts is not None
    assert facts.device.model == ""


NAMES = st.sampled_from(
    (
        *(
            "getprop.txt",
            "dumpsys.txt",
            "packages.json",
            "files.json",
            "root_binaries.json",
            "settings_x.txt",
        ),
        *("ps.txt", "backup.ab", "selinux.txt", "tombstone_00", "Info.plist", "Manifest.db", "x.txt"),
        *("000_sms_backup", "dumpsys_package.txt"),
    )
)
CONTENTS = st.one_of(
    st.binary(max_size=2000),
    st.text(max_size=500).map(str.encode),
    st.sampled_from(
        [DUMPSYS, GETPROP, SETTINGS, "[]", '[{"name": 1}]', '[{"name": "a", "files": [1, {"path": 2}]}]']
    ).map(str.encode),
    st.integers(0, len(DUMPSYS)).map(lambda cut: DUMPSYS[:cut].encode()),
)


class Memory:
    """A tree in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str) -> bytes:
        return self.files[name]


@given(st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=4))
@settings(max_examples=300)
def test_whatever_the_files_hold_nothing_is_silently_dropped(files: dict[str, bytes]) -> None:
    got = android.Reader(Memory(files)).read(sorted(files))
    crashed = [part for part in got.unread if part.why.startswith("The reader failed")]
    assert not crashed
    assert got.unread or got.kind != "nothing known"


@given(st.binary(max_size=4000))
@settings(max_examples=150)
def test_any_bytes_as_an_archive_are_answered(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "x.zip"
    path.write_bytes(b"PK\3\4" + content + b"PK\5\6" + b"\0" * 18)
    with contextlib.suppress(UnreadableError):
        read(path)


def test_real_acquisitions(shared_dir: Path) -> None:
    artifacts = shared_dir / "intel/mvt-test-artifacts/artifacts"
    got = read(artifacts / "androidqf")
    assert got.facts is not None
    assert got.facts.posture.root is True
    assert got.facts.settings is not None
    assert got.facts.settings.unknown_source_apps == ["org.mozilla.firefox"]
    assert {app.package for app in got.facts.apps or ()} >= {"com.whatsapp", "org.fdroid.fdroid"}
    assert got.unread == ()
    backup = read(artifacts / "ios_backup")
    assert backup.facts is not None
    assert backup.facts.device.os_version == "14.3"
    assert sum(trace.kind == "file" for trace in backup.traces) > 1000
    newer = read(artifacts / "android_data/dumpsys_accessibility_v14_or_later.txt")
    assert newer.facts is not None
    assert newer.facts.settings is not None
    assert newer.facts.settings.accessibility_services == [
        "com.malware.accessibility/com.malware.service.malwareservice"
    ]
