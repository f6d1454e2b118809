"""Code of trackers in an application, by the names of its classes, as feeds of trackers list them."""

from collections.abc import Iterable

from vedette.intel.index import Hit, Index
from vedette.intel.indicators import Kind


def trackers_in(classes: Iterable[str], index: Index) -> list[Hit]:
    """Give the trackers whose code is among the classes: each listed name once, in order.

    A listed name holds for itself and for all below it: `com.example.sdk` for `com.example.sdk.Start`, not for
    `com.example.sdks`. Names above a class are looked up once, however many classes stand below.
    """
    asked: set[str] = set()
    found: dict[Hit, None] = {}
    for name in classes:
        while name and name not in asked:
            asked.add(name)
            for hit in index.find(Kind.CODE, name):
                found.setdefault(hit)
            name = name.rpartition(".")[0]  # noqa: PLW2901 - one name above the other
    return sorted(found, key=lambda hit: (hit.family, hit.value))
