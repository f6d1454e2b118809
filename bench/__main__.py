"""Command line of the benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import chain

from bench import apps, demo, directory, directory_push, dns, intel, results, risk_api, stream, way

FAMILIES: dict[str, Callable[[], Iterable[results.Result]]] = {
    "way": way.run,
    "demo": demo.run,
    "dns": dns.run,
    "intel": intel.run,
    "apps": apps.run,
    "stream": stream.run,
    "risk_api": risk_api.run,
    "directory": lambda: chain(directory.run(), directory_push.run()),
}


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(FAMILIES)
    if unknown:
        print(
            f"No such family: {', '.join(sorted(unknown))}. There are: {', '.join(FAMILIES)}.",
            file=sys.stderr,
        )
        return 2
    families = wanted or list(FAMILIES)
    found = []
    for family in families:
        for result in FAMILIES[family]():
            goal = f"   (goal {result.goal})" if result.goal else ""
            print(f"{result.name:<32} {result.value:10.3f} {result.unit}{goal}", flush=True)
            found.append(result)
    results.write(found, families)
    print(f"written to {results.FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
