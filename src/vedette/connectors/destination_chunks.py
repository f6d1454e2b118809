"""Cutting what is to be sent into bodies that the other side takes, and into single events where it refuses one."""

from collections.abc import Callable, Iterator, Sequence

from vedette.connectors.destination_kinds import Refusal, Sent
from vedette.connectors.routes import Budget

Send = Callable[[Sequence[bytes]], Sent]
"""Sends parts that fit into one body."""


def in_chunks(parts: Sequence[bytes], most: int, between: int, send: Send, budget: Budget) -> Sent:
    """Send parts in bodies of at most `most` bytes, in order, until one is not taken or time is up."""
    refused: dict[int, Refusal] = {}
    done, said = 0, ""
    for first, after in chunks(parts, most, between):
        if budget.is_spent:
            break
        sent = send(parts[first:after])
        refused |= {first + index: why for index, why in sent.refused.items()}
        done, said = first + sent.done, sent.answer or said
        if sent.trouble or sent.done < after - first:
            return Sent(done, refused, sent.trouble, said)
    return Sent(done, refused, answer=said)


def one_by_one(parts: Sequence[bytes], why: Refusal, answer: str, send: Send, budget: Budget) -> Sent:
    """Find out which of some parts that were refused together are at fault: each is sent alone."""
    if len(parts) == 1:
        return Sent(1, {0: why}, answer=answer)
    return in_chunks(parts, 0, 0, send, budget)


def chunks(parts: Sequence[bytes], most: int, between: int = 0) -> Iterator[tuple[int, int]]:
    """Yield ranges (first, after last) of neighbours whose lengths, `between` bytes added to each, stay within `most`.

    A part that is larger than that stands alone.
    """
    first, size = 0, 0
    for index, part in enumerate(parts):
        length = len(part) + between
        if index > first and size + length > most:
            yield first, index
            first, size = index, 0
        size += length
    if first < len(parts):
        yield first, len(parts)
