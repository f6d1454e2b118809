"""Which OData query options each route takes, as Graph publishes them; the lab refuses the others.

So whatever the service asks for in a test, the demo or a walk is also a check of what it may ask. A test holds
this rule equal to the published routes, method by method (`specs/graph/paths-*.json`).
"""

from collections.abc import Iterable
from typing import Final

from vedette_lab.graph.errors import unsupported

OF_COLLECTIONS: Final = frozenset(
    {"$count", "$expand", "$filter", "$orderby", "$search", "$select", "$skip", "$top"}
)
OF_ENTITIES: Final = frozenset({"$expand", "$select"})
OF_COUNTS: Final = frozenset({"$filter", "$search"})
OF_LINKS: Final = frozenset({"$skiptoken", "$deltatoken"})
"""In the links that Graph itself hands out; `$deltatoken=latest` is the one that a client may write."""

SINGLETONS: Final = frozenset({"/deviceManagement"})
FEWER: Final = {"/users": frozenset({"$skip"}), "/subscriptions/{id}": frozenset({"$expand"})}
"""Published without these (routes of GET)."""


def allowed(method: str, path: str) -> frozenset[str]:
    """Return the options that a route takes; `path` as in the permission table, such as `/groups/{id}`."""
    if method != "GET":
        return frozenset()
    if path.endswith("/$count"):
        return OF_COUNTS
    if path.endswith("}") or path in SINGLETONS:
        return OF_ENTITIES - FEWER.get(path, frozenset())
    return OF_COLLECTIONS - FEWER.get(path, frozenset())


def check(operation: str, path: str, names: Iterable[str]) -> None:
    """Check a request's options. GraphError 400 names the first one that the route does not take.

    `operation` is the row of the permission table; `path` the address itself, which tells a count or a cast.
    """
    method, _, row = operation.partition(" ")
    row = f"{row}/$count" if path.endswith("/$count") else row
    for name in names:
        if name.startswith("$") and name not in allowed(method, row) | OF_LINKS:
            raise unsupported(f"The query option '{name}' is not allowed on '{method} {row}'.")
