"""A job that the worker never imports would never run, and nothing would say so."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
MARKS = ("@jobs.task", "@jobs.periodic")
AS_THE_WORKER = """
import importlib, sys, django
django.setup()
from vedette.project.worker import JOB_MODULES
for name in JOB_MODULES:
    importlib.import_module(name)
print(*sys.modules)
"""


def test_the_worker_imports_every_module_with_jobs() -> None:
    found = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in (SOURCE / "vedette").rglob("*.py")
        if any(line.startswith(MARKS) for line in path.read_text().splitlines())
    }
    assert "vedette.connectors.intune.jobs" in found
    # a process of its own: other tests have imported everything already
    done = subprocess.run([sys.executable, "-c", AS_THE_WORKER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert found - set(done.stdout.split()) == set()
