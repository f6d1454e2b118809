"""What the lab's name server says. Every name has invented addresses of the documentation ranges (RFC 5737, RFC 3849).

The first label plays what real name servers do: `alias.TARGET` is an alias of TARGET, `missing.…` does not exist,
`failing.…` is a SERVFAIL, `big.…` has a TXT record that does not fit into UDP, `silent.…` is never answered.
"""

import hashlib
import struct
from typing import Final

SECONDS: Final = 60
UDP_BYTES: Final = 1232
_HEADER: Final = struct.Struct("!HHHHHH")
_RECORD: Final = struct.Struct("!HHIH")
_POINTER: Final = b"\xc0\x0c"
_FLAGS: Final = 0x8180
_TRUNCATED: Final = 0x0200
_A, _CNAME, _SOA, _TXT, _AAAA = 1, 5, 6, 16, 28
_SERVFAIL, _NXDOMAIN = 2, 3


def answer(message: bytes, *, udp: bool) -> bytes | None:
    """Answer one query; None: stay silent, as to whatever is no query."""
    try:
        id_, flags, questions, *_rest = _HEADER.unpack_from(message)
        end = _HEADER.size
        while length := message[end]:
            end += length + 1
        type_ = int.from_bytes(message[end + 1 : end + 3])
    except (IndexError, struct.error):
        return None
    if flags & 0x8000 or questions != 1:
        return None
    question = message[_HEADER.size : end + 5]
    label = message[_HEADER.size + 1 : _HEADER.size + 1 + message[_HEADER.size]].lower()
    if label == b"silent":
        return None
    rcode, answers, authority = _say(label, type_, question)
    whole = _HEADER.pack(id_, _FLAGS | rcode, 1, len(answers), len(authority), 0) + question
    whole += b"".join(answers) + b"".join(authority)
    if udp and len(whole) > UDP_BYTES:
        return _HEADER.pack(id_, _FLAGS | _TRUNCATED, 1, 0, 0, 0) + question
    return whole


def _say(label: bytes, type_: int, question: bytes) -> tuple[int, list[bytes], list[bytes]]:
    name = question[:-4].lower()
    if label == b"failing":
        return _SERVFAIL, [], []
    if label == b"missing":
        return _NXDOMAIN, [], [_nothing()]
    if label == b"alias":
        target = name[name[0] + 1 :]
        alias = _record(_POINTER, _CNAME, target)
        return 0, [alias, *_addresses(target, type_, target)], []
    if label == b"big" and type_ == _TXT:
        return 0, [_record(_POINTER, _TXT, b"\xff%03d" % n + b"x" * 252) for n in range(12)], []
    found = _addresses(_POINTER, type_, name)
    return 0, found, [] if found else [_nothing()]


def _addresses(owner: bytes, type_: int, name: bytes) -> list[bytes]:
    number = hashlib.blake2b(name, digest_size=4).digest()
    if type_ == _A:
        return [_record(owner, _A, bytes((192, 0, 2, 1 + number[0] % 254)))]
    if type_ == _AAAA:
        return [_record(owner, _AAAA, bytes.fromhex("20010db8") + bytes(8) + number)]
    return []


def _record(owner: bytes, type_: int, data: bytes) -> bytes:
    return owner + _RECORD.pack(type_, 1, SECONDS, len(data)) + data


def _nothing() -> bytes:
    names = b"\x03lab\x07example\0" + b"\x06nobody\x03lab\x07example\0"
    return _record(b"\x03lab\x07example\0", _SOA, names + struct.pack("!IIIII", 1, 3600, 600, 86400, SECONDS))
