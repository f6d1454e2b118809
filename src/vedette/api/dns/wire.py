"""Reading DNS messages fast and strictly: the one question of a query, the records of an answer (RFC 1035, RFC 6891).

Every query of every phone passes here, so nothing is built that is not needed: a query is forwarded as a new message
made from its question alone, and an answer is passed on as it came. Messages that we speak ourselves are built in
answers.py. Whatever is malformed raises; no input loops: compression pointers must point back (RFC 1035, 4.1.4).
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct("!HHHHHH")
MOST_BYTES: Final = 65535
MOST_QUERY_BYTES: Final = 4096
"""No question needs more, padding of RFC 8467 (blocks of 128) included."""
MOST_NAME: Final = 255
MOST_LABEL: Final = 63
UDP_PAYLOAD: Final = 1232
"""What is asked for over UDP: fits every path without fragments (DNS flag day 2020)."""

A: Final = 1
CNAME: Final = 5
SOA: Final = 6
AAAA: Final = 28
DNAME: Final = 39
OPT: Final = 41
SVCB: Final = 64
HTTPS: Final = 65
IXFR: Final = 251
AXFR: Final = 252
IN: Final = 1

QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16
_OPCODE: Final = 0x7800
_RECORD: Final = struct.Struct("!HHIH")
_QUESTION: Final = struct.Struct("!HH")
_POINTER: Final = 0xC0
_DOT: Final = ord(".")
_DO: Final = 0x8000
_PLAIN: Final = re.compile(r"[a-z0-9_-]+").fullmatch


class MalformedError(Exception):
    """A message is not DNS, or not a query that is answered here. `rcode` is the answer; None: none is possible."""

    def __init__(self, rcode: int | None, id_: int = 0) -> None:
        super().__init__(rcode)
        self.rcode = rcode
        self.id = id_


# Not frozen: that would double the cost of making one, and these are made for every question.
@dataclass(slots=True)
class Query:
    """One question. `question` are its bytes as asked, `name` its name in lower case without the last dot.

    `key` is what an answer depends on; the question in lower case is its first part.
    """

    id: int
    flags: int
    question: bytes
    name: str
    type: int
    edns: bool
    dnssec: bool
    key: tuple[bytes, bool, bool, int]

    def forwarded(self, id_: int) -> bytes:
        """Return the message for the upstream: the question and nothing else of the phone's (no options)."""
        extra = b"\0" + _RECORD.pack(OPT, UDP_PAYLOAD, _DO if self.dnssec else 0, 0) if self.edns else b""
        head = HEADER.pack(id_, RD | (self.flags & CD), 1, 0, 0, 1 if extra else 0)
        return head + self.question + extra


@dataclass(slots=True)
class Answer:
    """An answer of the upstream. `targets` are the names that its records lead on to, `ttls` where TTLs stand in it.

    `seconds` is how long it may be kept: the least TTL, of a negative answer by RFC 2308; 0: not at all.
    """

    message: bytes
    rcode: int
    truncated: bool
    targets: tuple[str, ...]
    ttls: tuple[int, ...]
    seconds: int


def read_query(message: bytes) -> Query:
    """Read a query. Raises MalformedError with FORMERR, NOTIMP, REFUSED or BADVERS, or with None."""
    if len(message) < HEADER.size:
        raise MalformedError(None)
    id_, flags, questions, answers, authorities, additional = HEADER.unpack_from(message)
    if flags & QR:
        raise MalformedError(None)
    if len(message) > MOST_QUERY_BYTES:
        raise MalformedError(FORMERR, id_)
    if flags & _OPCODE:
        raise MalformedError(NOTIMP, id_)
    if questions != 1 or answers or authorities:
        raise MalformedError(FORMERR, id_)
    try:
        name, offset = _asked(message)
        type_, class_ = _QUESTION.unpack_from(message, offset)
        offset += _QUESTION.size
        options = _options(message, offset, additional)
    except (IndexError, struct.error, ValueError):
        raise MalformedError(FORMERR, id_) from None
    if class_ != IN or type_ in {AXFR, IXFR}:
        raise MalformedError(REFUSED, id_)
    if options and options[1] >> 16 & 0xFF:
        raise MalformedError(BADVERS, id_)
    question = message[HEADER.size : offset]
    edns, dnssec = options is not None, bool(options and options[1] & _DO)
    return Query(
        id_,
        flags,
        question,
        name,
        type_,
        edns=edns,
        dnssec=dnssec,
        key=(lowered(question), edns, dnssec, flags & CD),
    )


def lowered(question: bytes) -> bytes:
    """Return a question with its name in lower case; type and class are numbers, and stay (HTTPS, 65, is no "A")."""
    return question[: -_QUESTION.size].lower() + question[-_QUESTION.size :]


def read_answer(message: bytes, query: Query) -> Answer:
    """Read an upstream's answer to a query. Raises ValueError when it is none."""
    try:
        return _read_answer(message, query)
    except (IndexError, struct.error) as error:
        raise ValueError("the answer is cut short") from error


def _read_answer(message: bytes, query: Query) -> Answer:
    _, flags, questions, answers, authorities, additional = HEADER.unpack_from(message)
    if not flags & QR or flags & _OPCODE:
        raise ValueError("this is no answer")
    rcode, offset = flags & 0xF, HEADER.size
    if questions == 1:
        offset += len(query.question)
        if lowered(message[HEADER.size : offset]) != query.key[0]:
            raise ValueError("this answers another question")
    elif questions or not rcode:
        raise ValueError("the question is missing")
    targets: list[str] = []
    ttls: list[int] = []
    least = negative = -1
    for number in range(answers + authorities + additional):
        offset = _skip_name(message, offset)
        type_, _class, ttl, length = _RECORD.unpack_from(message, offset)
        data = offset + _RECORD.size
        if data + length > len(message):
            raise ValueError("a record is cut short")
        if type_ != OPT:
            ttls.append(offset + 4)
            ttl = 0 if ttl >> 31 else ttl  # RFC 2181, section 8
            least = ttl if least < 0 else min(least, ttl)
        if number < answers:
            _lead_on(message, type_, data, length, targets)
        elif type_ == SOA and number < answers + authorities and length >= _QUESTION.size * 5:
            negative = min(ttl, int.from_bytes(message[data + length - 4 : data + length]))
        offset = data + length
    truncated = bool(flags & TC)
    seconds = least if answers else negative
    # one without its question has no place for the next asker's spelling of the name
    keep = questions and rcode in {NOERROR, NXDOMAIN} and not truncated and seconds > 0
    return Answer(message, rcode, truncated, tuple(targets), tuple(ttls), seconds if keep else 0)


def _lead_on(message: bytes, type_: int, data: int, length: int, targets: list[str]) -> None:
    """Note the name that a record sends its asker to."""
    if type_ in {CNAME, DNAME}:
        targets.append(read_name(message, data))
    elif type_ in {HTTPS, SVCB} and length > 2:  # noqa: PLR2004 - after the priority; a root target means the owner
        name = read_name(message, data + 2)
        if name:
            targets.append(name)


def aged(answer: Answer, query: Query, seconds: int) -> bytes:
    """Return a kept answer for this query: its id, its spelling of the name, TTLs less their age."""
    message = bytearray(answer.message)
    message[:2] = query.id.to_bytes(2)
    message[HEADER.size : HEADER.size + len(query.question)] = query.question
    for offset in answer.ttls if seconds else ():
        left = int.from_bytes(message[offset : offset + 4]) - seconds
        message[offset : offset + 4] = max(0, left).to_bytes(4)
    return bytes(message)


def passed_on(answer: Answer, query: Query) -> bytes:
    """Return an answer that has just come, for this query."""
    end = HEADER.size + len(query.question)
    if HEADER.unpack_from(answer.message)[2] != 1:
        return query.id.to_bytes(2) + answer.message[2:]
    return query.id.to_bytes(2) + answer.message[2 : HEADER.size] + query.question + answer.message[end:]


def read_name(message: bytes, offset: int) -> str:
    """Read a name that may be compressed. Raises ValueError or IndexError."""
    labels: list[bytes] = []
    before, total = offset, 0
    while length := message[offset]:
        if length & _POINTER == _POINTER:
            target = (length & 0x3F) << 8 | message[offset + 1]
            if target >= before:
                raise ValueError("a pointer that does not point back")
            before = offset = target
            continue
        total += length + 1
        if length > MOST_LABEL or total >= MOST_NAME:
            raise ValueError("a name that is too long")
        labels.append(_label(message, offset, length))
        offset += length + 1
    return _text(labels)


def _asked(message: bytes) -> tuple[str, int]:
    """Read the name of the question, which nothing stands before that a pointer could mean."""
    offset, borders = HEADER.size, []
    while length := message[offset]:
        if length > MOST_LABEL or offset + length - HEADER.size >= MOST_NAME - 1:
            raise ValueError("no name")
        borders.append(offset)
        offset += length + 1
    # in one piece, with dots where the labels' lengths stood
    name = bytearray(message[HEADER.size + 1 : offset].lower())
    if len(message) <= offset:
        raise ValueError("a label that is cut short")
    for border in borders[1:]:
        name[border - HEADER.size - 1] = _DOT
    if len(borders) == name.count(_DOT) + 1 and _PLAIN_NAME(name):
        return name.decode(), offset + 1
    labels = [_label(message, border, message[border]) for border in borders]
    return ".".join(map(_escaped, labels)), offset + 1


def _label(message: bytes, offset: int, length: int) -> bytes:
    label = message[offset + 1 : offset + 1 + length]
    if len(label) != length:
        raise ValueError("a label that is cut short")
    return label


def _options(message: bytes, offset: int, records: int) -> tuple[int, int] | None:
    """Return payload size and flags of the OPT record; None without one. Other records say nothing in a query."""
    found = None
    for _ in range(records):
        root = message[offset] == 0
        offset = _skip_name(message, offset)
        type_, payload, flags, length = _RECORD.unpack_from(message, offset)
        offset += _RECORD.size + length
        if type_ == OPT:
            if found or not root:
                raise ValueError("two OPT records, or one with a name")
            found = payload, flags
    if offset != len(message):
        raise ValueError("bytes are left over or missing")
    return found


def _skip_name(message: bytes, offset: int) -> int:
    while length := message[offset]:
        if length & _POINTER == _POINTER:
            return offset + 2
        if length > MOST_LABEL:
            raise ValueError("no name")
        offset += length + 1
    return offset + 1


def _text(labels: list[bytes]) -> str:
    text = b".".join(labels).lower()
    return text.decode() if _PLAIN_NAME(text) else ".".join(map(_escaped, labels))


_PLAIN_NAME: Final = re.compile(rb"[a-z0-9_-]+(\.[a-z0-9_-]+)*|").fullmatch


def _escaped(label: bytes) -> str:
    """Spell a label as zone files do (RFC 1035, 5.1): a dot inside a label is no border."""
    return "".join(chr(byte) if _PLAIN(chr(byte)) else f"\\{byte:03}" for byte in label.lower())
