"""What the command line says when it cannot do its work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def vedette(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line on a home of its own; without an address the embedded database serves."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VEDETTE_", "DATABASE_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "vedette", *arguments],
        env=kept | {"VEDETTE_HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    away = "postgresql://vedette_login@127.0.0.1:1/vedette"
    done = vedette(tmp_path, "tenant", "list", DATABASE_URL=away, VEDETTE_MIGRATE_URL=away)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("Error: The database could not be used: connection")
    assert "Traceback" not in done.stderr


@pytest.mark.database
def test_a_database_without_tables_says_what_to_run(tmp_path: Path) -> None:
    done = vedette(tmp_path, "tenant", "list")
    assert done.returncode == 2, done.stderr
    assert "run `vedette migrate`" in done.stderr
    assert "Traceback" not in done.stderr
