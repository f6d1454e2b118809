"""Trying a permission by a call that changes nothing, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from vedette.foundation.graph import Graph, GraphError
from vedette.tenants import profiles

GRANTED: Final = "granted"
MISSING: Final = "missing"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class Permission:
    """One permission and what its probe found: granted, missing or unknown (with Microsoft's message)."""

    name: str
    result: str
    message: str = ""


def attempt(graph: Graph, name: str) -> dict[str, str]:
    """Try one permission; return its result, and Microsoft's message where that is unknown. Raises TokenError."""
    probe = profiles.PROBES[name]
    try:
        if probe.method == "GET":
            graph.get(probe.path, **probe.options)
        elif probe.method == "POST":
            graph.post(probe.path, dict(probe.body), idempotent=True)
        elif probe.method == "PATCH":
            graph.patch(probe.path, dict(probe.body), idempotent=True)
        else:
            graph.delete(probe.path)
    except GraphError as error:
        return judge(probe, error)
    return judge(probe, None)


def judge(probe: profiles.Probe, error: GraphError | None) -> dict[str, str]:
    """Say what an answer to a probe means."""
    if error is None:
        return {"result": GRANTED}
    if error.status == HTTPStatus.FORBIDDEN:
        return {"result": MISSING}
    # No such object, or nothing in a request that writes: the call itself was let through.
    empty = error.status == HTTPStatus.BAD_REQUEST and probe.method != "GET"
    if error.status == HTTPStatus.NOT_FOUND or empty:
        return {"result": GRANTED}
    return {"result": UNKNOWN, "message": str(error)}


def read(name: str, found: Mapping[str, Mapping[str, str]]) -> Permission:
    """Return what was found of a permission; unknown where it was not tried."""
    entry = found.get(name, {})
    return Permission(name, entry.get("result", UNKNOWN), entry.get("message", ""))
