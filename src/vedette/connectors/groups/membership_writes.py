"""Members put into and taken out of groups at Microsoft, 20 in one call (microsoft.md 2.5, 2.8).

A write whose answer is lost may be repeated: the second time it changes nothing. Entra answers 400 to somebody who
is a member already and to a group that takes nobody: which of them it is, the group's members tell. `/$ref` stands
on every DELETE: without it the object itself would be deleted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from uuid import UUID

from vedette.connectors import entra_groups
from vedette.connectors.groups import eligibility
from vedette.foundation import config
from vedette.foundation.graph import Graph, GraphError, NotSentError, Reply, Request, TokenError

LANES: Final = 2
GONE: Final = "group_gone"
REFUSES: Final = "group_refuses"
_ALREADY_OR_REFUSED: Final = HTTPStatus.BAD_REQUEST

Pair = tuple[UUID, str]
"""A member and its group, both by object ID."""


@dataclass(frozen=True)
class Write:
    """What came of one member and group; an empty code: it is as it was to be.

    `doubtful`: the answer is lost, it may have happened. `unsent`: the limiter held it back.
    """

    code: str = ""
    text: str = ""
    request_id: str = ""
    status: int = 0
    retry_after: float | None = None
    doubtful: bool = False
    unsent: bool = False

    @property
    def done(self) -> bool:
        """Tell whether it is as it was to be."""
        return not self.code


def put_in(graph: Graph, pairs: Iterable[Pair]) -> dict[Pair, Write]:
    """Put members into groups; errors are results, never raised."""
    asked = list(pairs)
    if not asked:
        return {}
    requests = [
        Request("POST", f"/groups/{group}/members/$ref", {"@odata.id": _reference(member)}, repeat=True)
        for member, group in asked
    ]
    found = {
        pair: _write(reply) for pair, reply in zip(asked, graph.batch(requests, lanes=LANES), strict=True)
    }
    for group in {group for (_member, group), write in found.items() if write.status in _ODD}:
        odd = {pair: write for pair, write in found.items() if pair[1] == group and write.status in _ODD}
        found |= _explained(graph, group, odd)
    return found


def take_out(graph: Graph, pairs: Iterable[Pair]) -> dict[Pair, Write]:
    """Take members out of groups; who, or which group, is not there any more is out."""
    asked = list(pairs)
    if not asked:
        return {}
    requests = [Request("DELETE", f"/groups/{group}/members/{member}/$ref") for member, group in asked]
    found = {}
    for pair, reply in zip(asked, graph.batch(requests, lanes=LANES), strict=True):
        write = _write(reply)
        gone = write.status == HTTPStatus.NOT_FOUND
        found[pair] = Write(request_id=write.request_id) if gone else write
    for group in {group for (_member, group), write in found.items() if write.status in _ODD}:
        # A group that takes nobody lets nobody go either.
        refused = {pair: write for pair, write in found.items() if pair[1] == group and write.status in _ODD}
        found |= _explained(graph, group, refused, leaving=True)
    return found


_ODD: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})


def _explained(
    graph: Graph, group: str, odd: dict[Pair, Write], *, leaving: bool = False
) -> dict[Pair, Write]:
    """Look at a group whose members Entra refused to change, and say why; members already are done."""
    try:
        now = entra_groups.read_group(graph, UUID(group))
        code = eligibility.refusal(now, {})
        if code:
            text = f"The group {now.display_name!r} takes no members from an application any more ({code})."
            return {pair: replace(write, code=REFUSES, text=text) for pair, write in odd.items()}
        unsure = {pair for pair, write in odd.items() if write.status == _ALREADY_OR_REFUSED}
        if leaving or not unsure:
            return odd
        rows = graph.pages(f"/groups/{group}/members", select="id", top=999)
        inside = {row["id"] for row in rows}
    except GraphError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            return odd
        gone = "Entra no longer has this group."
        return {pair: replace(write, code=GONE, text=gone) for pair, write in odd.items()}
    except TokenError:
        return odd
    already = {pair: Write(request_id=odd[pair].request_id) for pair in unsure if str(pair[0]) in inside}
    return odd | already


def _write(reply: Reply) -> Write:
    error = reply.error
    if error is None:
        return Write(request_id=reply.request_id)
    if isinstance(error, TokenError):
        return Write(error.name, str(error))
    unsent = isinstance(error, NotSentError)
    lost = not unsent and (error.status == 0 or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    return Write(
        error.code,
        str(error),
        error.request_id,
        error.status,
        error.retry_after,
        doubtful=lost,
        unsent=unsent,
    )


def _reference(member: UUID) -> str:
    return f"{config.current().graph_url}/v1.0/directoryObjects/{member}"
