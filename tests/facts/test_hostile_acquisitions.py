"""No file of a phone takes a reader down, nor is it silently passed over (fixed budget, see tests/support/fuzz.py)."""

import json
import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.facts.acquisitions import DUMPSYS, GETPROP, SETTINGS
from tests.facts.test_acquisition_ios import ios_backup
from tests.support import fuzz

from vedette_facts.acquisition.read import read
from vedette_facts.limits import UnreadableError

LISTS: dict[str, Any] = {
    "packages.json": [
        {
            "name": "org.example.spy",
            "files": [
                {
                    "path": "/data/app/x.apk",
                    "sha256": "ab" * 32,
                    "sha1": "cd" * 20,
                    "certificate": {"Sha1": "0f" * 20},
                }
            ],
            "installer": "com.android.chrome",
            "uid": 10200,
            "disabled": False,
            "system": False,
            "third_party": True,
        }
    ],
    "files.json": [
        {"path": "/sdcard/Download/x", "modified_time": 1.7e9, "sha256": "ab" * 32, "mode": "rwx"}
    ],
    "processes.json": [{"pid": 1, "name": "init", "user": "root", "parent_pid": 0}],
    "root_binaries.json": ["/sbin/su"],
}
TEXTS = {"dumpsys.txt": DUMPSYS, "getprop.txt": GETPROP, "settings_global.txt": SETTINGS}


def told(path: Path) -> bool:
    """Read it: an answer, or a refusal in a sentence; never a reader that failed."""
    try:
        got = read(path)
    except UnreadableError as refusal:
        return bool(str(refusal).strip())
    assert not [part for part in got.unread if "reader failed" in part.why]
    return bool(got.facts or got.unread or got.timeline or got.traces)


@pytest.mark.parametrize("name", [*LISTS, *TEXTS])
def test_variants_of_an_android_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "getprop.txt").write_text(GETPROP)
    for seed in range(fuzz.EXAMPLES):
        content = (
            json.dumps(fuzz.structures(LISTS[name], seed)).encode()
            if name in LISTS
            else fuzz.texts(TEXTS[name].encode(), seed)
        )
        (tmp_path / "a" / name).write_bytes(content)
        assert told(tmp_path / "a")


def _plist(honest: bytes, seed: int) -> bytes:
    try:
        return plistlib.dumps(fuzz.structures(plistlib.loads(honest), seed), skipkeys=True)
    except (TypeError, OverflowError, ValueError):  # what no property list can hold
        return fuzz.texts(honest, seed)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Info.plist", _plist),
        ("Manifest.db", fuzz.texts),
        (f"aa/{'a' * 40}", fuzz.texts),
        (f"bb/{'b' * 40}", _plist),
    ],
    ids=["info", "manifest", "history", "profile"],
)
def test_variants_of_a_file_of_an_ios_backup(
    tmp_path: Path, name: str, change: Callable[[bytes, int], bytes]
) -> None:
    folder = ios_backup(tmp_path / "ios")
    honest = (folder / name).read_bytes()
    for seed in range(fuzz.EXAMPLES // 2):
        (folder / name).write_bytes(change(honest, seed))
        assert told(folder)
