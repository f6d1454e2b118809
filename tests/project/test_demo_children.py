"""What the demo started ends with it, whatever the demo dies of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

SUPERVISOR = """
import sys, time
from pathlib import Path
from vedette.project.demo.children import Children
with Children(Path(sys.argv[1])) as children:
    child = children.start("server", "http.server", ["0", "--bind", "127.0.0.1"], {})
    print(child.process.pid, flush=True)
    time.sleep(600)
"""


def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    child = int(supervisor.stdout.readline())
    assert is_alive(child)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    deadline = time.monotonic() + 20
    while is_alive(child):
        assert time.monotonic() < deadline, "the child outlives its supervisor"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Tell whether the process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return not state.stdout.startswith("Z")
