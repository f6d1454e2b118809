"""Reading the extension attributes of many devices: fifteen in one request, by a filter on their object IDs."""

import uuid
from collections.abc import Collection
from typing import Final

from vedette.foundation.graph import Graph, Reply, Request

# `in` takes at most fifteen values (learn.microsoft.com/graph/filter-query-parameter).
MOST_IDS: Final = 15
_FIELDS: Final = "$select=id,extensionAttributes"


def attributes_of(graph: Graph, object_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Reply]:
    """Read devices by object ID: each with its reply, whose body is the device or whose error says why not.

    A device that the listing leaves out is asked for by itself: a listing may lag behind, and only Graph's 404
    says that it is gone.
    """
    wanted = sorted(object_ids)
    portions = [wanted[start : start + MOST_IDS] for start in range(0, len(wanted), MOST_IDS)]
    found: dict[uuid.UUID, Reply] = {}
    for portion, reply in zip(
        portions, graph.batch([_listing(portion) for portion in portions]), strict=True
    ):
        if reply.error is not None:
            found |= dict.fromkeys(portion, reply)
        asked = set(portion)
        for device in reply.body.get("value", []):
            key = uuid.UUID(device["id"])
            # The filter is applied again here, since Graph ignores some (microsoft.md 2.2).
            if key in asked:
                found[key] = Reply(reply.request, reply.status, device, reply.request_id)
    missing = [key for key in wanted if key not in found]
    single = graph.batch([Request("GET", f"/devices/{key}?{_FIELDS}") for key in missing])
    return found | dict(zip(missing, single, strict=True))


def _listing(portion: Collection[uuid.UUID]) -> Request:
    ids = ",".join(f"'{key}'" for key in portion)
    return Request("GET", f"/devices?$filter=id%20in%20({ids})&{_FIELDS}")
