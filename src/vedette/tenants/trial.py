"""Trying a registration: does Entra give a token, can the directory be read, what is permitted (A4, A7).

Everything is tried by calls that change nothing. What is kept of it holds no secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from vedette.foundation.graph import Graph, GraphError, Patience, TokenError
from vedette.foundation.graph_batch import Request
from vedette.foundation.registration import Registration
from vedette.tenants import probing, profiles
from vedette.tenants.models import Tenant

PATIENCE: Final = Patience(attempts=2, seconds=8.0, answer=8.0)
_READ: Final = ("GroupMember.Read.All", "User.Read.All", "Device.Read.All")


def look(tenant: Tenant, used: Registration, chosen: Sequence[str]) -> dict[str, Any]:
    """Try it once and return what was found, fit to be stored as JSON.

    `token` and `directory` tell whether these steps worked, `problem` what stopped the look (code, message,
    trace), `permissions` maps each permission of the chosen profiles to its result.
    """
    graph = Graph(tenant.entra_tenant_id, patience=PATIENCE, trying=used)
    found: dict[str, Any] = {"token": False, "directory": False, "problem": {}, "permissions": {}}
    try:
        graph.fresh_token()
        found["token"] = True
        found["permissions"] = _permissions(graph, profiles.names(profiles.of(chosen)))
    except TokenError as error:
        found["problem"] = {
            "code": error.code,
            "name": error.name,
            "message": str(error),
            "trace_id": error.trace_id,
            "correlation_id": error.correlation_id,
        }
    except GraphError as error:
        found["problem"] = {"code": error.code, "name": error.code, "message": str(error)}
    results = {name: row["result"] for name, row in found["permissions"].items()}
    found["directory"] = bool(results) and all(results.get(name) == probing.GRANTED for name in _READ)
    return found


def _permissions(graph: Graph, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Try permissions, 20 in one request. Raises GraphError when nothing could be asked at all."""
    replies = graph.batch([_request(profiles.PROBES[name]) for name in names])
    found: dict[str, dict[str, str]] = {}
    for name, reply in zip(names, replies, strict=True):
        if isinstance(reply.error, TokenError):
            raise reply.error
        found[name] = probing.judge(profiles.PROBES[name], reply.error)
    return found


def _request(probe: profiles.Probe) -> Request:
    options = urlencode({f"${name}": value for name, value in probe.options.items()})
    path = f"{probe.path}?{options}" if options else probe.path
    body = dict(probe.body) if probe.method in {"POST", "PATCH"} else None
    return Request(probe.method, path, body, repeat=True)
