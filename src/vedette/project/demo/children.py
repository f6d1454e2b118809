"""Child processes of the demo: started in order, watched, stopped in reverse, none left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

STOP_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.1
LEASH: Final = "vedette.project.demo.leash"
LAST_LINES: Final = 15


class DemoError(Exception):
    """The demo cannot go on; the message says why and where to look."""


@dataclass
class Child:
    """One process and the file its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"    {line}" for line in lines)


class Children:
    """The demo's processes. Used as a context: leaving it stops all of them, newest first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        # Nobody writes to it; its closing tells the children that this process is gone.
        self._leash, self._hand = os.pipe()
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        os.close(self._hand)
        os.close(self._leash)

    def start(
        self, name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> Child:
        """Run `python -m MODULE` in a session of its own; Ctrl-C reaches only the supervisor, on whom it hangs."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own modules with our own arguments
                [sys.executable, "-m", LEASH, module, *arguments],
                stdin=self._leash,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def run(self, name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
        """Run one to its end and return its output. Raises DemoError when it fails."""
        child = self.start(name, module, arguments, environment)
        code = child.process.wait()
        self._children.remove(child)
        if code:
            raise DemoError(
                f"{name} failed (exit {code}):\n{child.last_words()}\n  The whole log: {child.log}"
            )
        return child.log.read_text(errors="replace")

    def wait_for(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Poll until READY says so. Raises DemoError when time runs out or a child dies meanwhile."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                logs = ", ".join(str(child.log) for child in self._children)
                raise DemoError(f"{what} was not ready within {seconds:.0f} s. Logs: {logs}")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise DemoError when a child has ended by itself."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise DemoError(
                    f"{child.name} ended by itself (exit {code}):\n{child.last_words()}\n"
                    f"  The whole log: {child.log}"
                )

    def stop(self) -> None:
        """Ask each to end, newest first; who does not within the limit is killed with its whole session."""
        while self._children:
            child = self._children.pop()
            _signal(child, signal.SIGTERM)
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.process.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        # It ended between our look and the signal.
        return
