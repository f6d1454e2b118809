"""Analysis of an application: an 18 MB file made here, read and judged as an upload is, child and all."""

from __future__ import annotations

import random
import statistics
import struct
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.apks import NO_END, Signer, archive, dex, key, sample_manifest, sign

from bench.results import Result
from vedette.detection import Context
from vedette.intel import Index, Indicator, Kind, Source
from vedette.scans import reading
from vedette.scans.reading import Upload
from vedette.scans.result import scan
from vedette_facts.apk import ApkFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 9
MEGABYTES = 18
CLASSES = 12_000
"""In three Dalvik executables; real applications of this size have 5,000 to 15,000."""
ENTRIES = 2_500
FEED = 20_000


def run() -> Iterator[Result]:
    yield apk_18mb()


def apk_18mb() -> Result:
    """Wall-clock seconds from a path to findings, with the child's start and its most memory; nothing is kept warm."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.apk")
        path.write_bytes(application())
        context = Context(index=Index([(Source("bench"), _feed())]))
        seconds, peaks, judging, cpu = [], [], [], []
        for _ in range(RUNS + 1):
            start = time.perf_counter()
            ran = reading.measured(Upload(str(path), path.name))
            read = time.perf_counter()
            done = scan(ran.answer, context)
            seconds.append(time.perf_counter() - start)
            judging.append(time.perf_counter() - read)
            peaks.append(ran.peak / 1e6)
            cpu.append(ran.cpu_seconds)
        size = path.stat().st_size
    (facts,) = done.acquisition.apks
    _check(facts)
    # the first run reads the interpreter and the libraries from the disk
    seconds, judging = seconds[1:], judging[1:]
    return Result(
        "apps.apk_18mb",
        statistics.median(seconds),
        "s",
        {
            "runs": len(seconds),
            "min": round(min(seconds), 3),
            "max": round(max(seconds), 3),
            "judging_s": round(statistics.median(judging), 3),
            "child_cpu_s": round(statistics.median(cpu), 3),
            "peak_memory_mb": round(max(peaks), 1),
            "mb": round(size / 1e6, 1),
            "entries": ENTRIES,
            "classes": facts.class_count,
            "schemes": [check.scheme for check in facts.signatures.schemes],
            "findings": len(done.findings),
        },
        goal="<= 0.5 and peak_memory_mb <= 200",
    )


def _check(facts: ApkFacts) -> None:
    assert facts.app is not None
    assert facts.signatures.verifies
    assert facts.class_count == CLASSES
    assert not facts.unread


def application() -> bytes:
    """Sign with v2 and v3: code of 13 MB, pictures that do not pack, resources that do."""
    chance = random.Random(18)  # noqa: S311 - the same file each time
    entries = {"AndroidManifest.xml": sample_manifest(permissions=["android.permission.INTERNET"])}
    for number in range(3):
        name = f"classes{number + 1 if number else ''}.dex"
        names = [f"org/vendor{n % 400}/part{number}/Class{n}" for n in range(CLASSES // 3)]
        code = dex(*names, texts=[f"https://host{n}.example/a" for n in range(200)])
        entries[name] = code + _code(chance, 4_300_000)
    entries["resources.arsc"] = struct.pack("<HHLL", 2, 12, 12, 0) + bytes(800_000)
    left = (MEGABYTES * 1_000_000 - 9_300_000) * 3 // 2  # every third packs to almost nothing
    for number in range(ENTRIES):
        picture = number % 3
        size = max(100, int(chance.expovariate(ENTRIES / left)))
        content = b"\x89PNG" + chance.randbytes(size) if picture else b"<x a='b'/>" * (size // 10)
        entries[f"res/drawable/{number:05}.{'png' if picture else 'xml'}"] = content
    signers = [Signer(key(0x0103), max_sdk=NO_END)]
    return sign(archive(entries), v2=signers, v3=signers)


def _code(chance: random.Random, size: int) -> bytes:
    """Bytes that pack as code does, to a bit less than half."""
    words = [chance.randbytes(chance.randint(2, 9)) for _ in range(6_000)]
    made = b"".join(chance.choices(words, k=size // 5))
    return made[:size]


def _feed() -> Iterator[Indicator]:
    for n in range(FEED):
        yield Indicator(Kind.CODE, f"com.tracker{n}", "RISKWARE", f"Tracker {n}")
