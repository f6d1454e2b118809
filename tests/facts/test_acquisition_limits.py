"""Hostile acquisitions are answered in a sentence, within limits; nothing is silently dropped."""

import contextlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.facts.acquisitions import DUMPSYS, GETPROP, SETTINGS, write

from vedette_facts.acquisition import android, tree
from vedette_facts.acquisition.read import read
from vedette_facts.limits import UnreadableError


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


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "a", {"getprop.txt": GETPROP, "dumpsys.txt": DUMPSYS})
    monkeypatch.setattr(tree, "MAX_TOTAL_BYTES", len(GETPROP) + len(DUMPSYS))
    assert read(folder).unread == ()


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

    def size(self, name: str) -> int:
        return len(self.files[name])

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


@pytest.mark.parametrize(
    "line",
    [
        "[ro.build.version.sdk]: [99999]",
        f"[ro.build.version.sdk]: [{'9' * 5000}]",
        f"[service.adb.tcp.port]: [{'9' * 5000}]",
        f"[ro.product.model]: [{'x' * 4000}]",
        f"[ro.build.version.release]: [{'1' * 400}]",
        f"[ro.build.fingerprint]: [{'x' * 4000}]",
    ],
    ids=["sdk", "long-sdk", "port", "model", "release", "fingerprint"],
)
def test_one_odd_property_does_not_hide_a_phone(tmp_path: Path, line: str) -> None:
    facts = read(
        write(tmp_path / "a", {"getprop.txt": f"{GETPROP}{line}\n", "root_binaries.json": '["/sbin/su"]'})
    ).facts
    assert facts is not None
    assert facts.posture.root is True


def test_one_odd_package_does_not_hide_the_others(tmp_path: Path) -> None:
    listed = f"package:{'x' * 300}\npackage:org.example.spy installer={'y' * 300}\n"
    facts = read(write(tmp_path / "a", {"packages.txt": listed})).facts
    assert facts is not None
    assert [app.package for app in facts.apps or ()] == ["org.example.spy"]


HEAVY = {
    "heads": ("dumpsys.txt", "DUMP OF SERVICE a:\n" * 100_000),
    "opens": ("dumpsys_accessibility.txt", "Enabled services:{" * 60_000),
    "blocks": ("dumpsys_accessibility.txt", "enabled services: {\n" * 60_000),
    "newlines": ("dumpsys_accessibility.txt", "\n" * 1_000_000),
    "dots": ("dumpsys_accessibility.txt", f"Enabled services:{{{'a.' * 500_000}}}"),
    "grants": ("dumpsys_package.txt", "Packages:\n  Package [a] (1):\n" + "\n" * 500_000),
    "users": (
        "dumpsys_package.txt",
        "Packages:\n  Package [a] (1):\n    User 0: " + "installed=true " * 60_000,
    ),
    "crash": ("tombstone_00", "pid: 1, tid: 1, name: " + "a  >>> " * 100_000),
    "properties": ("getprop.txt", "[a]: [" * 200_000),
    "property-lines": ("getprop.txt", "[a]: [\n" * 200_000),
}


@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.timeout(60)
def test_time_grows_with_the_size_of_the_file_and_not_faster(name: str) -> None:
    """Some of these took minutes: each is a megabyte that makes a careless pattern start over at every character."""
    file, text = HEAVY[name]
    android.Reader(Memory({file: text.encode()})).read([file])
