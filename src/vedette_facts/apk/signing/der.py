"""Reading of ASN.1 in BER and DER (X.690), as far as certificates and PKCS #7 need it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from vedette_facts.limits import UnreadableError

INTEGER, BIT_STRING, OCTETS, OID, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31
_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
_LONG_TAG: Final = 0x1F
_DEEPEST: Final = 40
_MOST_VALUES: Final = 10_000


class Node(NamedTuple):
    """A value: its tag, its whole encoding, its content."""

    tag: int
    whole: memoryview
    content: memoryview

    def children(self) -> list["Node"]:
        """Read the values in a constructed one."""
        return list(_all(self.content))

    def octets(self, depth: int = 0) -> bytes:
        """Give the bytes of an octet string, also of one in pieces (BER)."""
        if not self.tag & _CONSTRUCTED:
            return bytes(self.content)
        if depth > _DEEPEST:
            raise UnreadableError("Its ASN.1 is nested too deeply.")
        return b"".join(child.octets(depth + 1) for child in self.children())


def first(data: bytes | memoryview) -> Node:
    """Read the first value. UnreadableError when it is broken."""
    return _node(memoryview(data), 0)


def oid(node: Node) -> str:
    """Write an object identifier as people do."""
    if node.tag != OID or not len(node.content):
        raise UnreadableError("An object identifier was expected.")
    numbers, value = [], 0
    for byte in node.content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    head = numbers[0] if numbers else 0
    top = min(head // 40, 2)
    return ".".join(map(str, (top, head - 40 * top, *numbers[1:])))


def _all(data: memoryview) -> Iterator[Node]:
    at, count = 0, 0
    while at < len(data):
        count += 1
        if count > _MOST_VALUES:
            raise UnreadableError("It holds too many values.")
        node = _node(data[at:], 0)
        if node.tag == 0 and not len(node.content):
            return  # the end of a value whose length is not told
        yield node
        at += len(node.whole)


def _node(data: memoryview, depth: int) -> Node:
    if len(data) < 2 or depth > _DEEPEST:  # noqa: PLR2004 - tag and length
        raise UnreadableError("Its ASN.1 is broken.")
    tag, length = data[0], data[1]
    if tag & _LONG_TAG == _LONG_TAG:
        raise UnreadableError("Its ASN.1 uses tags that no signature has.")
    start = 2
    if length == _INDEFINITE:
        return _indefinite(data, tag, depth)
    if length & _INDEFINITE:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    end = start + length
    if end > len(data):
        raise UnreadableError("Its ASN.1 is cut off.")
    return Node(tag, data[:end], data[start:end])


def _indefinite(data: memoryview, tag: int, depth: int) -> Node:
    if not tag & _CONSTRUCTED:
        raise UnreadableError("Its ASN.1 is broken.")
    at = 2
    for _ in range(_MOST_VALUES):
        child = _node(data[at:], depth + 1)
        at += len(child.whole)
        if child.tag == 0 and not len(child.content):
            return Node(tag, data[:at], data[2 : at - 2])
    raise UnreadableError("It holds too many values.")
