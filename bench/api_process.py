"""Running the processes that the benchmarks of the API measure, and talking to them line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass
class Child:
    """A process that answers each line with a line of JSON."""

    process: subprocess.Popen[str]

    def ask(self, line: str = "") -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def child(module: str, argument: str, home: str) -> Iterator[Child]:
    environment = {
        **os.environ,
        "VEDETTE_HOME": home,
        "VEDETTE_SECRET_KEY": "of benchmarks only, and long enough",
        "VEDETTE_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", module, argument],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Child(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(30)


@dataclass
class Api:
    """The server, the writer, and a token."""

    server: Child
    home: str
    about: dict[str, Any]
    token: str


@contextmanager
def api(devices: int = 0) -> Iterator[Api]:
    with (
        tempfile.TemporaryDirectory(prefix="vedette-bench-") as home,
        child("bench.api_server", str(devices), home) as server,
    ):
        about = server.hear()
        answer = httpx.post(
            f"http://127.0.0.1:{about['port']}/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": f"Bearer {about['key']}"},
            timeout=30,
        )
        yield Api(server, home, about, answer.json()["access_token"])
