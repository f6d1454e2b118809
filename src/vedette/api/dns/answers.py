"""Answers of our own: a blocked name, an error, a question refused; with Extended DNS Errors (RFC 8914)."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from vedette.api.dns import wire
from vedette.api.dns.wire import Query

BLOCKED: Final = 15
"""The operator's own security policy lists the name (RFC 8914, 4.16)."""
FILTERED: Final = 17
"""Whom the answer is for, here their organisation, asked for names like this to be kept out (RFC 8914, 4.18)."""
PROHIBITED: Final = 18
NO_REACHABLE_AUTHORITY: Final = 22
NOT_READY: Final = 14

BLOCKED_SECONDS: Final = 60
"""How long a phone may remember that a name is blocked: a name let in again works after a minute."""
_EXTRA_TEXT: Final = 120
_NEGATIVE: Final = f"resolver.vedette.invalid. nobody.vedette.invalid. 1 3600 600 86400 {BLOCKED_SECONDS}"


@dataclass(frozen=True)
class Sinkhole:
    """Where blocked names lead: addresses of the block page. Without either the answer is NXDOMAIN."""

    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None

    def __bool__(self) -> bool:
        """Tell whether there is one."""
        return bool(self.ipv4 or self.ipv6)


def blocked(query: Query, sinkhole: Sinkhole, code: int, text: str) -> bytes:
    """Answer for a blocked name: the block page's address for A and AAAA, nothing for other types, or NXDOMAIN.

    HTTPS and SVCB records are empty (NOERROR), so that no browser finds another way to the name.
    """
    rendered = _blocked(query.question, query.flags & wire.RD, sinkhole, code if query.edns else None, text)
    return query.id.to_bytes(2) + rendered[2:]


def error(query: Query, rcode: int, code: int | None = None, text: str = "") -> bytes:
    """Answer with an error, and why where the asker speaks EDNS."""
    message = _begin(query.question, query.flags & wire.RD)
    message.set_rcode(dns.rcode.Rcode(rcode))
    if query.edns:
        _explain(message, code, text)
    return query.id.to_bytes(2) + message.to_wire()[2:]


def malformed(problem: wire.MalformedError) -> bytes | None:
    """Answer a message that could not be read; None where there is nothing to answer to."""
    if problem.rcode is None:
        return None
    message = dns.message.QueryMessage(id=problem.id)
    message.flags = dns.flags.Flag(wire.QR | wire.RA)
    if problem.rcode == wire.BADVERS:
        message.use_edns(0, payload=wire.UDP_PAYLOAD)
    message.set_rcode(dns.rcode.Rcode(problem.rcode))
    return message.to_wire()


@lru_cache(maxsize=1024)
def _blocked(question: bytes, desired: int, sinkhole: Sinkhole, code: int | None, text: str) -> bytes:
    message = _begin(question, desired)
    name = message.question[0].name
    type_ = message.question[0].rdtype
    address = {wire.A: sinkhole.ipv4, wire.AAAA: sinkhole.ipv6}.get(type_)
    if address:
        message.answer.append(
            dns.rrset.from_text(name, BLOCKED_SECONDS, dns.rdataclass.IN, type_, str(address))
        )
    else:
        if not sinkhole:
            message.set_rcode(dns.rcode.NXDOMAIN)
        message.authority.append(
            dns.rrset.from_text(name, BLOCKED_SECONDS, dns.rdataclass.IN, dns.rdatatype.SOA, _NEGATIVE)
        )
    if code is not None:
        _explain(message, code, text)
    return message.to_wire()


def _begin(question: bytes, desired: int) -> dns.message.QueryMessage:
    """Begin an answer. The question was read before, so it is one."""
    name, length = dns.name.from_wire(question, 0)
    type_, class_ = question[length : length + 2], question[length + 2 : length + 4]
    message = dns.message.QueryMessage(id=0)
    message.flags = dns.flags.Flag(wire.QR | wire.RA | desired)
    message.question = [
        dns.rrset.RRset(
            name,
            dns.rdataclass.RdataClass.make(int.from_bytes(class_)),
            dns.rdatatype.RdataType.make(int.from_bytes(type_)),
        )
    ]
    return message


def _explain(message: dns.message.Message, code: int | None, text: str) -> None:
    options: list[dns.edns.Option] = (
        [dns.edns.EDEOption(dns.edns.EDECode.make(code), text[:_EXTRA_TEXT] or None)] if code else []
    )
    message.use_edns(0, payload=wire.UDP_PAYLOAD, options=options)
