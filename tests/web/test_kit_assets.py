from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage

from vedette.web import assets

STATIC = Path(assets.__file__).parent / "static"


def test_lock_file_names_no_package_host() -> None:
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_fetched_files_are_those_of_the_lock_file() -> None:
    assert assets.is_current(assets.VENDOR, assets.fingerprint(assets.ROOT / "package-lock.json"))
    assert assets.build() is False


def test_a_missing_file_is_noticed(tmp_path: Path) -> None:
    wanted = assets.fingerprint(assets.ROOT / "package-lock.json")
    (tmp_path / assets.STAMP).write_text(wanted)
    for name in assets.FILES.values():
        (tmp_path / name).write_text("x")
    assert assets.is_current(tmp_path, wanted)
    (tmp_path / "echarts.min.js").unlink()
    assert not assets.is_current(tmp_path, wanted)


def test_without_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsError, match="is missing: run this from a checkout"):
        assets.build(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "left"),
    [
        ("a.js", "x()\n//# sourceMappingURL=a.js.map\n", "x()\n\n"),
        ("a.css", "p{}\n/*# sourceMappingURL=a.css.map */", "p{}\n\n"),
        ("a.js", "x()", "x()"),
        ("a.txt", "//# sourceMappingURL=a.map", "//# sourceMappingURL=a.map"),
    ],
)
def test_source_map_comments_go(tmp_path: Path, name: str, text: str, left: str) -> None:
    (tmp_path / name).write_text(text)
    assets.copy(tmp_path / name, tmp_path / f"copy-{name}")
    assert (tmp_path / f"copy-{name}").read_text() == left


def test_every_file_that_a_file_names_exists(tmp_path: Path) -> None:
    """What collectstatic does for the manifest: a missing font or map would stop it."""
    source = FileSystemStorage(location=STATIC)
    names = [f"{folder}/{name}" for folder in ("web", "vendor") for name in source.listdir(folder)[1]]
    storage = ManifestStaticFilesStorage(location=str(tmp_path), base_url="/static/")
    for name in names:
        with source.open(name) as file:
            storage.save(name, file)
    done = list(storage.post_process({name: (source, name) for name in names}))
    assert [error for _name, _hashed, error in done if isinstance(error, Exception)] == []
    assert len(done) >= len(names)
