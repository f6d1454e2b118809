"""Messages of the stream as they stand on the wire (reference/lookout.md 2.4, HTML standard 9.2).

No blank behind the colon, as in the capture; clients strip it. Every message carries data that is JSON, because there
are clients that parse the data of each. Each message is sent as a chunk of its own.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from vedette.api.mobile_risk.event_rows import as_event, look_up
from vedette.events.reading import Logged

MOST_EVENTS: Final = 100
"""Of one message: a client that reads slowly still gets whole ones."""
RETRY_MS: Final = 2000

HEARTBEAT: Final = b"event:heartbeat\ndata:{}\n\n"

_encoder: Final = msgspec.json.Encoder()


class Item(NamedTuple):
    """An event ready to be sent, with where it stands in the log."""

    position: int
    id: UUID
    type: str
    body: bytes


async def encode(connection: AsyncConnection[Any], rows: Sequence[Logged]) -> list[Item]:
    """Write events down; two queries for what they are about, however many they are."""
    known = await look_up(connection, rows)
    return [Item(row.position, row.id, row.type, _encoder.encode(as_event(row, known))) for row in rows]


def messages(items: Sequence[Item], types: frozenset[str]) -> list[bytes]:
    """Return the messages that hold those of the events which are of these types."""
    chosen = [item for item in items if item.type in types]
    return [
        b'id:%b\nevent:events\ndata:{"events":[%b]}\n\n'
        % (str(part[-1].id).encode(), b",".join(item.body for item in part))
        for part in (chosen[at : at + MOST_EVENTS] for at in range(0, len(chosen), MOST_EVENTS))
    ]


def greeting(resume: UUID) -> bytes:
    """Return the first message: it proves that the stream lives, and says from where and how soon to resume.

    So a client that is cut off before its first event loses nothing either.
    """
    return b"id:%b\nretry:%d\nevent:heartbeat\ndata:{}\n\n" % (str(resume).encode(), RETRY_MS)


def farewell(kind: Literal["reconnect", "end"]) -> bytes:
    """Return the last message: come back (`reconnect`), or this stream is over (`end`)."""
    return b"retry:%d\nevent:%b\ndata:{}\n\n" % (RETRY_MS, kind.encode())
