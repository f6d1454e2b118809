"""Acquisitions of Android phones, of every kind, become the same facts; what cannot be read says why."""

import io
import json
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from tests.facts.acquisitions import DUMPSYS, GETPROP, SETTINGS, write

from vedette_facts.acquisition.read import read


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


def test_real_acquisitions(shared_dir: Path) -> None:
    artifacts = shared_dir / "intel/mvt-test-artifacts/artifacts"
    got = read(artifacts / "androidqf")
    assert got.facts is not None
    assert got.facts.posture.root is True
    assert got.facts.settings is not None
    assert got.facts.settings.unknown_source_apps == ["org.mozilla.firefox"]
    assert {app.package for app in got.facts.apps or ()} >= {"com.whatsapp", "org.fdroid.fdroid"}
    assert got.unread == ()
    newer = read(artifacts / "android_data/dumpsys_accessibility_v14_or_later.txt")
    assert newer.facts is not None
    assert newer.facts.settings is not None
    assert newer.facts.settings.accessibility_services == [
        "com.malware.accessibility/com.malware.service.malwareservice"
    ]
