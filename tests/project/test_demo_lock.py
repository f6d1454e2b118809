"""One demo per folder, and other terminals know whether it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vedette.project import environment
from vedette.project.demo import lock
from vedette.project.demo.children import DemoError


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path / "demo"),
        pytest.raises(DemoError, match="already"),
        lock.held(tmp_path / "demo"),
    ):
        pytest.fail("two demos share a folder")
    with lock.held(tmp_path / "demo"):
        assert lock.is_running(tmp_path / "demo")


def test_variables_of_a_demo_that_has_ended_are_not_used(tmp_path: Path) -> None:
    with lock.held(tmp_path / "demo"):
        (tmp_path / "demo" / "env").write_text("VEDETTE_DEMO=1\n")
        assert environment.demo_variables(tmp_path) == {"VEDETTE_DEMO": "1"}
    assert environment.demo_variables(tmp_path) == {}
