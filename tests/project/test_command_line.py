"""What the command line says when it cannot do its work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_database_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    away = "postgresql://vedette_login@127.0.0.1:1/vedette"
    done = subprocess.run(
        [sys.executable, "-m", "vedette", "tenant", "list"],
        env=os.environ | {"VEDETTE_HOME": str(tmp_path), "DATABASE_URL": away, "VEDETTE_MIGRATE_URL": away},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("Error: The database could not be used: connection")
    assert "Traceback" not in done.stderr
