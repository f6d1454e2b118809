"""Threat intelligence: loading forty thousand indicators, the cost of a million domains, and MVT beside it."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.results import Result
from vedette.intel import Index, Indicator, Kind, Source, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = 5
LOOKED_UP = 100_000
SOURCE = Source("bench")
ASK_MVT = Path(__file__).with_name("intel_mvt.py")


def run() -> Iterator[Result]:
    yield load_40k()
    yield domains_1m()
    compared = match_vs_mvt()
    if compared is not None:
        yield compared


def load_40k() -> Result:
    """Forty thousand indicators of the kinds and shares that published feeds have, from objects to an index."""
    listed = list(_mixed(40_000))
    text = json.dumps(_bundle(listed)).encode()
    builds = [_seconds(lambda: Index([(SOURCE, listed)])) for _ in range(RUNS)]
    reads = [_seconds(lambda: read(text, "stix2")) for _ in range(2)]
    return Result(
        "intel.load_40k",
        statistics.median(builds),
        "s",
        {
            **_spread(builds),
            "indicators": len(listed),
            "reading_stix_s": round(min(reads), 3),
            "mib": len(text) >> 20,
        },
        goal="< 0.5",
    )


def domains_1m() -> Result:
    """A million domains: memory of the index (traced), time of a look-up that hits and of one that misses."""
    tracemalloc.start()
    index = Index([(SOURCE, _domains(1_000_000))])
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    hits = [_per_lookup(index, "evil") for _ in range(RUNS)]
    misses = [_per_lookup(index, "good") for _ in range(RUNS)]
    assert index.size == 1_000_000
    assert index.find(Kind.DOMAIN, "host77.evil.example")
    return Result(
        "intel.domains_1m",
        statistics.median(misses),
        "µs",
        {
            **_spread(misses),
            "hit_us": round(statistics.median(hits), 2),
            "memory_mb": round(memory / 1e6, 1),
            "bytes_each": round(memory / index.size, 1),
        },
        goal="memory_mb <= 32",
    )


def match_vs_mvt() -> Result | None:
    """Compare with MVT's own matching on the same bundles and values, where its Python is named by MVT_PYTHON.

    MVT is no part of the product: set MVT_PYTHON to the interpreter of an environment that has it, and MVT_BUNDLES to a
    folder of STIX files.
    """
    python, folder = os.environ.get("MVT_PYTHON"), os.environ.get("MVT_BUNDLES")
    if not python or not folder:
        print("intel.match_vs_mvt: left out (MVT_PYTHON and MVT_BUNDLES are not set)")
        return None
    bundles = sorted(str(path) for path in Path(folder).rglob("*.stix2"))
    lists = [(Source(path), read(Path(path).read_bytes(), "stix2").indicators) for path in bundles]
    values = _asked(lists)
    index = Index(lists)
    ours, theirs = [], []
    found: dict[str, Any] = {}
    for _ in range(RUNS):  # interleaved: whatever else the machine does hits both
        ours.append(_seconds(lambda: [index.find(Kind.DOMAIN, value) for value in values]))
        done = subprocess.run(
            [python, str(ASK_MVT)],
            input=json.dumps({"bundles": bundles, "values": values}),
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        theirs.append(found["seconds"])
    mine = {value for value in values if _covers(index, value)}
    missed = sorted(set(found["hits"]) - mine)
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return Result(
        "intel.match_vs_mvt",
        statistics.median(ratios),
        "times",
        {
            **_spread(ratios),
            "values": len(values),
            "mvt_hits": len(found["hits"]),
            "missed_hits": len(missed),
            "missed": missed[:10],
            "ours_us": round(statistics.median(ours) / len(values) * 1e6, 2),
            "mvt_us": round(statistics.median(theirs) / len(values) * 1e6, 2),
        },
        goal=">= 20",
    )


def _covers(index: Index, value: str) -> bool:
    """MVT matches sub-domains of a listed name too."""
    name = value
    while name:
        if index.find(Kind.DOMAIN, name):
            return True
        name = name.partition(".")[2]
    return False


def _asked(lists: list[tuple[Source, Any]]) -> list[str]:
    """Every listed domain once, and as many that nobody lists."""
    listed = sorted({item.value for _, items in lists for item in items if item.kind is Kind.DOMAIN})
    chosen = random.Random(7).sample(listed, min(500, len(listed)))  # noqa: S311 - the same sample each time
    return [*chosen, *(f"host{n}.good.example" for n in range(len(chosen)))]


def _mixed(count: int) -> Iterator[Indicator]:
    for n in range(count):
        kind = (Kind.DOMAIN, Kind.DOMAIN, Kind.SHA256, Kind.PACKAGE, Kind.IPV4)[n % 5]
        value = {
            Kind.DOMAIN: f"host{n}.evil.example",
            Kind.SHA256: f"{n:064x}",
            Kind.PACKAGE: f"org.evil.app{n}",
            Kind.IPV4: f"198.{18 + n % 2}.{n // 250 % 250}.{n % 250}",
        }[kind]
        yield Indicator(kind, value, "TROJAN", f"family{n % 200}")


def _domains(count: int) -> Iterator[Indicator]:
    return (Indicator(Kind.DOMAIN, f"host{n}.evil.example", "PHISHING_CONTENT") for n in range(count))


def _bundle(listed: list[Indicator]) -> dict[str, Any]:
    paths = {
        Kind.DOMAIN: "domain-name:value",
        Kind.SHA256: "file:hashes.sha256",
        Kind.PACKAGE: "app:id",
        Kind.IPV4: "ipv4-addr:value",
    }
    objects = [
        {
            "type": "indicator",
            "id": f"indicator--{n}",
            "indicator_types": ["malicious-activity"],
            "pattern": f"[{paths[item.kind]}='{item.value}']",
        }
        for n, item in enumerate(listed)
    ]
    return {"type": "bundle", "objects": objects}


def _per_lookup(index: Index, word: str) -> float:
    names = [f"host{n}.{word}.example" for n in range(LOOKED_UP)]
    return _seconds(lambda: [index.find(Kind.DOMAIN, name) for name in names]) / LOOKED_UP * 1e6


def _seconds(act: Callable[[], object]) -> float:
    """Seconds of processor time: what else the machine does is no matter of ours."""
    start = time.process_time()
    act()
    return time.process_time() - start


def _spread(values: list[float]) -> dict[str, Any]:
    return {"runs": len(values), "min": round(min(values), 3), "max": round(max(values), 3)}
