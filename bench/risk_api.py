"""How long a page of devices takes at a large organisation: the Mobile Risk API and the native one, page by page.

100,000 phones, each with a directory entry, a state and a report of 60 applications. The client walks through them as
SIEM connectors do, by the last `oid`, with pages of 100 (the default) and of 1,000 (the most), and asks for those at
risk. `native` is `GET /api/v1/devices` by its cursor: all, those at risk, those that a search finds, and one device.
`VEDETTE_BENCH_DEVICES` makes it smaller.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import httpx

from bench.api_process import Api, api
from bench.results import Result, quantile

DEVICES = int(os.environ.get("VEDETTE_BENCH_DEVICES", "100000"))
PAGES = 100


def run() -> Iterator[Result]:
    with api(DEVICES) as running:
        read = reader(running)
        walk(read, 10, limit=100)  # connections and caches are warm, as they are all day
        default = walk(read, PAGES, limit=100)
        largest = walk(read, 50, limit=1000)
        at_risk = walk(read, 50, limit=100, security_status="THREATS_HIGH")
        changed = walk(read, 20, limit=100, updated_since="2020-01-01T00:00:00Z")
        native = native_figures(running)
    p95 = quantile(default, 0.95)
    detail = {
        "devices": DEVICES,
        "p95_ms": p95,
        "p50_ms": median(default),
        "max_ms": max(default),
        "pages": len(default),
        "limit_1000": {"p50_ms": median(largest), "p95_ms": quantile(largest, 0.95)},
        "security_status": {"p50_ms": median(at_risk), "p95_ms": quantile(at_risk, 0.95)},
        "updated_since": {"p50_ms": median(changed), "p95_ms": quantile(changed, 0.95)},
        "native": native,
    }
    yield Result("risk_api.devices_page", p95, "ms", detail, goal="p95 under 150 ms")


def reader(running: Api) -> Callable[..., Any]:
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{running.about['port']}",
        headers={"Authorization": f"Bearer {running.token}"},
        timeout=60,
    )

    def read(**parameters: Any) -> tuple[float, Any]:
        begun = time.perf_counter()
        answer = client.get("/mra/api/v2/devices", params=parameters)
        seconds = time.perf_counter() - begun
        answer.raise_for_status()
        return seconds, answer.json()

    return read


def walk(read: Callable[..., Any], pages: int, **parameters: Any) -> list[float]:
    """Give the milliseconds of each page, from the newest phone on."""
    times: list[float] = []
    cursor: dict[str, str] = {}
    for _ in range(pages):
        seconds, page = read(**parameters, **cursor)
        times.append(round(seconds * 1000, 1))
        if not page["devices"]:
            break
        cursor = {"oid": page["devices"][-1]["oid"]}
    return times


def native_figures(running: Api) -> dict[str, Any]:
    """The native API's list, with each filter, and one device with everything that is known of it."""
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{running.about['port']}/api/v1",
        headers={"Authorization": f"Bearer {running.about['key']}"},
        timeout=60,
    )

    def read(path: str, **parameters: Any) -> tuple[float, Any]:
        begun = time.perf_counter()
        answer = client.get(path, params=parameters)
        seconds = time.perf_counter() - begun
        answer.raise_for_status()
        return seconds, answer.json()

    def pages(count: int, **parameters: Any) -> list[float]:
        times: list[float] = []
        cursor: dict[str, str] = {}
        for _ in range(count):
            seconds, page = read("/devices", **parameters, **cursor)
            times.append(round(seconds * 1000, 1))
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        return times

    pages(5)
    _, first = read("/devices")
    kinds = {
        "all": pages(PAGES),
        "limit_500": pages(40, limit=500),
        "state_high": pages(40, state="high"),
        "search": pages(10, search="p99"),
        "one_device": [round(read(f"/devices/{item['id']}")[0] * 1000, 1) for item in first["items"][:40]],
    }
    return {name: {"p50_ms": median(t), "p95_ms": quantile(t, 0.95)} for name, t in kinds.items()}
