"""The demo as a person starts it: one process, watched from outside, and what runs beside it."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from tests.support.lab import free_ports

READY_SECONDS = 240.0
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.2


def until(ready: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Poll until READY gives something true and return it; fails with WHAT when time runs out."""
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(LOOK_SECONDS)
    return found


@dataclass(frozen=True)
class Demo:
    """A running demo: what demo.json tells, its command line and the lab's control API."""

    home: Path
    facts: dict[str, Any]
    control: httpx.Client

    @property
    def console(self) -> str:
        return str(self.facts["console"])

    @property
    def lab(self) -> str:
        return str(self.facts["lab"])

    def vedette(self, *arguments: str) -> str:
        """Run a command on the demo, as in another terminal; its output. Fails when the command does."""
        done = subprocess.run(
            [sys.executable, "-m", "vedette", "--demo", *arguments],
            env=environment(self.home),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"vedette {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def variables(self) -> dict[str, str]:
        """Give the variables of the service's own processes; they hold passwords."""
        lines = (self.home / "demo" / "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def run_python(self, script: str, *arguments: str) -> str:
        """Run a script beside the service, with its database and Django awake; its output."""
        wake = "from vedette.project import environment; environment.wake()\n"
        done = subprocess.run(
            [sys.executable, "-c", wake + script, *arguments],
            env=environment(self.home) | self.variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def get(self, path: str, **params: str) -> Any:
        """Read JSON of the lab's control API."""
        answer = self.control.get(f"/lab{path}", params=params)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """Send JSON to the lab's control API."""
        answer = self.control.post(f"/lab{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


class Running:
    """`vedette demo` in a process group of its own; leaving the context ends it with Ctrl-C."""

    def __init__(self, home: Path, phones: int, *, fleet: bool = False) -> None:
        self.home = home
        self.arguments = ["--phones", str(phones), "--fleet" if fleet else "--no-fleet"]
        self.log = home / "demo.log"

    def __enter__(self) -> Self:
        console, lab = _two_ports()
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "demo.json").unlink(missing_ok=True)
        ports = {"VEDETTE_PORT": str(console), "VEDETTE_LAB_PORT": str(lab)}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vedette", "demo", *self.arguments],
                env=environment(self.home) | ports,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self._ready, "the demo's start", READY_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        """End it as a person does; whatever is left is killed, and makes the test fail."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.left = left_behind(self.home)
        for pid, _command in self.left:
            os.kill(pid, signal.SIGKILL)

    def _ready(self) -> bool:
        assert self.process.poll() is None, f"the demo ended by itself:\n{self.output()}"
        return (self.home / "demo.json").exists()

    def output(self) -> str:
        """Give what it and its children said, the end of each."""
        logs = [self.log, *sorted((self.home / "demo" / "logs").glob("*.log"))]
        parts = [f"--- {log.name}\n{_end(log)}" for log in logs if log.exists()]
        return "\n".join(parts)


def demo_at(home: Path) -> Demo:
    """Give the demo that runs with this VEDETTE_HOME."""
    facts = json.loads((home / "demo.json").read_text())
    trust = ssl.create_default_context(cafile=facts["lab_ca"])
    return Demo(home, facts, httpx.Client(base_url=facts["lab"], verify=trust, timeout=30.0))


def environment(home: Path) -> dict[str, str]:
    """Give the variables of a terminal that knows nothing of the service but its home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VEDETTE_", "DATABASE_URL", "DJANGO_"))
    }
    return kept | {"VEDETTE_HOME": str(home)}


def left_behind(home: Path) -> list[tuple[int, str]]:
    """List processes (id and command) that name this home in their command or environment, but our own."""
    mark = str(home)
    own = {os.getpid(), os.getppid()}
    return [(pid, command) for pid, command, known in _processes() if mark in known and pid not in own]


def _processes() -> list[tuple[int, str, str]]:
    found = []
    if Path("/proc/self/environ").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                known = command + (folder / "environ").read_bytes().decode("utf-8", "replace")
            except OSError:  # it ended meanwhile
                continue
            found.append((int(folder.name), command.strip(), known))
        return found
    listed = subprocess.run(
        ["ps", "axEww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        found.append((int(pid), command, command))
    return found


def _two_ports() -> tuple[int, int]:
    """Find a port for the console, and one for the lab whose neighbour (its SMTP) is free too."""
    for _ in range(20):
        console, lab = free_ports(2)
        if console not in {lab, lab + 1} and _is_free(lab + 1):
            return console, lab
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    import socket  # noqa: PLC0415 used here alone

    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end(log: Path, lines: Sequence[str] = ()) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-25:])
