"""How fast the states of 10,000 phones get to Microsoft, with Graph's limit at 2,000 writes a second.

The lab runs in another process, and so does the service's publisher (`bench/push_worker.py`). Rounds of the publisher
and of a bare client that sends the same batches alternate. `VEDETTE_BENCH_CHANGES` makes it smaller.
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
from tests.support.microsoft import register

from bench.directory import PATIENCE_SECONDS, environment
from bench.results import Result

CHANGES = int(os.environ.get("VEDETTE_BENCH_CHANGES", "10000"))
ROUNDS = int(os.environ.get("VEDETTE_BENCH_ROUNDS", "5"))
WRITES_A_SECOND = 2000


def run() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="vedette-bench-") as folder:
        home = Path(folder)
        with start_lab(home / "lab", phones=10) as lab:
            found = _measure(home, lab)
    rates = [CHANGES / seconds for seconds in found.pop("seconds")]
    bare = [CHANGES / seconds for seconds in found.pop("bare_seconds")]
    rate = median(rates)
    yield Result(
        f"directory.push_{CHANGES // 1000}k",
        round(rate, 1),
        "changes/s",
        {
            "changes": CHANGES,
            "rounds": ROUNDS,
            "min": round(min(rates), 1),
            "max": round(max(rates), 1),
            "bare_client": round(median(bare), 1),
            "bare_client_min": round(min(bare), 1),
            "bare_client_max": round(max(bare), 1),
            **found,
        },
        goal="ratio at least 0.9, detail.lost 0",
        baseline={"name": "limit of writes a second", "value": WRITES_A_SECOND},
        ratio=round(rate / WRITES_A_SECOND, 3),
    )


def _measure(home: Path, lab: Lab) -> dict[str, Any]:
    microsoft = register(lab)
    organisation = microsoft.organisation("Crowd")
    tenant = f"/tenants/{organisation.id}"
    lab.post(f"{tenant}/consents", {"client_id": microsoft.client_id})
    group = lab.post(f"{tenant}/groups", {"display_name": "Everybody"})["id"]
    lab.client.timeout = PATIENCE_SECONDS
    lab.post(f"{tenant}/crowd", {"group": group, "people": CHANGES})
    variables = environment(home, microsoft) | {
        "VEDETTE_GRAPH_LIMITS": f"identity=1000000/1 identity-writes={WRITES_A_SECOND}/1"
    }
    arguments = [str(organisation.id), group, str(ROUNDS), str(lab.process.pid)]
    command = [sys.executable, "-m", "bench.push_worker", *arguments]
    done = subprocess.run(
        command, env=variables, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    for result in run():
        print(json.dumps(result.as_json(), indent=2))
