"""What a benchmark says, the machine it ran on, and the file both are written to."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """One benchmark: `name` is family.what, `value` in `unit`; `detail` holds what the value stands on.

    `ratio` is the value against `baseline` (`name` and `value`).
    """

    name: str
    value: float
    unit: str
    detail: dict[str, Any] = field(default_factory=dict)
    goal: str = ""
    baseline: dict[str, Any] | None = None
    ratio: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value not in ("", None)}


def quantile(values: list[float], share: float) -> float:
    """Give the smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def machine() -> dict[str, Any]:
    """Say what this ran on; `load` at the end tells how much others were at work."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def write(results: list[Result], families: list[str]) -> None:
    """Write what these families found; what others found before stays."""
    kept = json.loads(FILE.read_text())["benchmarks"] if FILE.exists() else []
    old = [entry for entry in kept if entry["name"].partition(".")[0] not in families]
    content = {"machine": machine(), "benchmarks": old + [result.as_json() for result in results]}
    FILE.write_text(json.dumps(content, indent=2) + "\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
