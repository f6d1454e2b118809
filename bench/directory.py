"""How long the directory of a large organisation takes: once in full, and then when nothing changed.

The lab runs in another process, and so does the poll (`bench/directory_poll.py`), whose memory is measured. Time
is from the start of the poll until every phone is there as pending and the pass is written down as complete.
`VEDETTE_BENCH_PEOPLE` makes it smaller while developing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.lab import Lab, start_lab
from tests.support.microsoft import PUBLIC, Microsoft, register

from bench.results import Result

PEOPLE = int(os.environ.get("VEDETTE_BENCH_PEOPLE", "100000"))
IDLE_POLLS = 5
DIRECTORY_PAGE = 999
INTUNE_PAGE = 1000
PATIENCE_SECONDS = 1800


def run() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as folder:
        home = Path(folder)
        with start_lab(home / "lab", phones=10) as lab:
            yield from _results(*_measure(home, lab))


def _measure(home: Path, lab: Lab) -> tuple[dict[str, int], dict[str, Any]]:
    microsoft = register(lab)
    organisation = microsoft.organisation("Crowd")
    tenant = f"/tenants/{organisation.id}"
    lab.post(f"{tenant}/consents", {"client_id": microsoft.client_id})
    group = lab.post(f"{tenant}/groups", {"display_name": "Everybody"})["id"]
    lab.client.timeout = PATIENCE_SECONDS
    size = lab.post(f"{tenant}/crowd", {"group": group, "people": PEOPLE})
    return size, _poll(home, microsoft, str(organisation.id), group)


def _results(size: dict[str, int], found: dict[str, Any]) -> Iterator[Result]:
    seconds, idle = found.pop("first_s"), found.pop("idle_s")
    idle_requests = found.pop("idle_requests")
    minimum = 2 * -(-PEOPLE // DIRECTORY_PAGE) + -(-PEOPLE // INTUNE_PAGE)
    yield Result(
        f"directory.first_sync_{PEOPLE // 1000}k",
        round(seconds, 1),
        "s",
        {**size, "page_minimum": minimum, **found},
        goal="peak memory under 300 MB",
    )
    detail = {
        **size,
        "requests": idle_requests / IDLE_POLLS,
        "runs": IDLE_POLLS,
        "min_s": min(idle),
        "max_s": max(idle),
    }
    yield Result(
        "directory.idle_poll", round(median(idle), 3), "s", detail, goal="at most 4 requests, under 1 s"
    )


def _poll(home: Path, microsoft: Microsoft, entra_tenant_id: str, group: str) -> dict[str, Any]:
    """Run the polls in a process of their own, with the embedded PostgreSQL of a fresh home."""
    command = [sys.executable, "-m", "bench.directory_poll", entra_tenant_id, group, str(IDLE_POLLS)]
    done = subprocess.run(
        command,
        env=environment(home, microsoft),
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def environment(home: Path, microsoft: Microsoft) -> dict[str, str]:
    """Return the environment of a service of its own, with the lab as its Microsoft."""
    return {
        **os.environ,
        "VEDETTE_HOME": str(home / "service"),
        "VEDETTE_PUBLIC_URL": PUBLIC,
        "VEDETTE_LOGIN_URL": microsoft.lab.url,
        "VEDETTE_GRAPH_URL": microsoft.lab.url,
        "VEDETTE_CA_FILE": str(microsoft.lab.ca_file),
        "VEDETTE_CLIENT_ID": microsoft.client_id,
        "VEDETTE_CLIENT_CERTIFICATE": microsoft.certificate,
        "VEDETTE_CLIENT_KEY": microsoft.key,
        "VEDETTE_ALLOW_PRIVATE_ADDRESSES": "1",
    }
