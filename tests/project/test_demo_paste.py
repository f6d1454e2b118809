"""What the demo prints for another terminal can be pasted there."""

from pathlib import Path

import pytest

from vedette.project.demo import paste


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of an environment under `tmp_path / "repository"`, with the command beside it."""
    folder = tmp_path / "repository" / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "vedette").touch(mode=0o755)
    return folder / "python"


def test_the_command_is_named_as_the_folder_finds_it(python: Path, tmp_path: Path) -> None:
    at_root = paste.command(
        "--demo", "operator", "link", python=python, folder=tmp_path / "repository", environment={"PATH": ""}
    )
    assert at_root == ".venv/bin/vedette --demo operator link"
    elsewhere = paste.command("--demo", python=python, folder=tmp_path / "other", environment={"PATH": ""})
    assert elsewhere == f"{python.parent}/vedette --demo"


def test_the_bare_name_is_enough_where_the_path_has_it(python: Path, tmp_path: Path) -> None:
    environment = {"PATH": f"/nowhere:{python.parent}"}
    assert (
        paste.command("doctor", python=python, folder=tmp_path, environment=environment) == "vedette doctor"
    )


def test_another_vedette_on_the_path_is_not_taken_for_this_one(python: Path, tmp_path: Path) -> None:
    other = tmp_path / "bin"
    other.mkdir()
    (other / "vedette").touch(mode=0o755)
    environment = {"PATH": str(other)}
    printed = paste.command("doctor", python=python, folder=tmp_path, environment=environment)
    assert printed == "repository/.venv/bin/vedette doctor"


def test_a_home_of_its_own_is_said(python: Path, tmp_path: Path) -> None:
    environment = {"PATH": str(python.parent), "VEDETTE_HOME": "/srv/my demo"}
    printed = paste.command("--demo", python=python, folder=tmp_path, environment=environment)
    assert printed == "VEDETTE_HOME='/srv/my demo' vedette --demo"
