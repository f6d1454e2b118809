"""Reading DNS messages: what is taken, what is refused, and that nothing hostile does more than that."""

import struct
from dataclasses import replace

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.api.dns import answers, wire
from vedette.api.dns.framing import Frames, TooLongError, framed
from vedette.api.dns.policy import host_of
from vedette.api.dns.wire import MalformedError, read_answer, read_query

NAME = "www.example.com"


def asked(name: str = NAME, type_: str = "A", **more: object) -> bytes:
    return dns.message.make_query(name, type_, use_edns=True, **more).to_wire()  # type: ignore[arg-type] # passed on


def answered(query: bytes, *records: tuple[str, int, str, str]) -> bytes:
    response = dns.message.make_response(dns.message.from_wire(query))
    for owner, ttl, type_, value in records:
        section = response.authority if type_ == "SOA" else response.answer
        section.append(dns.rrset.from_text(owner, ttl, "IN", type_, value))
    return response.to_wire()


def test_a_query_is_read_as_another_library_wrote_it() -> None:
    message = asked("WWW.Example.com", "HTTPS", want_dnssec=True)
    query = read_query(message)
    assert (query.name, query.type, query.edns, query.dnssec) == (NAME, wire.HTTPS, True, True)
    forwarded = dns.message.from_wire(query.forwarded(7))
    assert forwarded.id == 7
    assert forwarded.question == dns.message.from_wire(message).question
    assert forwarded.ednsflags & dns.flags.DO


def test_options_of_the_phone_are_not_forwarded() -> None:
    subnet = dns.message.make_query(NAME, "A", use_edns=0, options=[dns.edns.ECSOption("192.0.2.0")])
    assert not dns.message.from_wire(read_query(subnet.to_wire()).forwarded(1)).options


HEAD = struct.pack("!HHHHHH", 9, 0x0100, 1, 0, 0, 0)
QUESTION = b"\x01a\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    ("message", "rcode"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"\0" * 11, None, id="cut header"),
        pytest.param(struct.pack("!HHHHHH", 9, 0x8180, 1, 0, 0, 0) + QUESTION, None, id="an answer"),
        pytest.param(struct.pack("!HHHHHH", 9, 0x2800, 1, 0, 0, 0) + QUESTION, wire.NOTIMP, id="an update"),
        pytest.param(struct.pack("!HHHHHH", 9, 0, 0, 0, 0, 0), wire.FORMERR, id="no question"),
        pytest.param(struct.pack("!HHHHHH", 9, 0, 2, 0, 0, 0) + QUESTION * 2, wire.FORMERR, id="two"),
        pytest.param(struct.pack("!HHHHHH", 9, 0, 1, 1, 0, 0) + QUESTION, wire.FORMERR, id="with answers"),
        pytest.param(HEAD + b"\xc0\x0c\x00\x01\x00\x01", wire.FORMERR, id="a pointer to itself"),
        pytest.param(HEAD + b"\x01a\xc0\x0c\x00\x01\x00\x01", wire.FORMERR, id="a pointer back"),
        pytest.param(HEAD + b"\x40" + b"a" * 64 + b"\x00\x00\x01\x00\x01", wire.FORMERR, id="long label"),
        pytest.param(HEAD + (b"\x3f" + b"a" * 63) * 4 + QUESTION[2:], wire.FORMERR, id="long name"),
        pytest.param(HEAD + b"\x05ab", wire.FORMERR, id="a label cut short"),
        pytest.param(HEAD + QUESTION[:-1], wire.FORMERR, id="a question cut short"),
        pytest.param(HEAD + QUESTION + b"\0", wire.FORMERR, id="left over"),
        pytest.param(HEAD + QUESTION + b"\0" * 5000, wire.FORMERR, id="oversized"),
        pytest.param(HEAD + QUESTION[:-1] + b"\x03", wire.REFUSED, id="chaos"),
        pytest.param(HEAD + QUESTION[:-3] + b"\xfc\x00\x01", wire.REFUSED, id="zone transfer"),
        pytest.param(
            HEAD[:10] + b"\0\2" + QUESTION + (b"\0\0\x29\x04\xd0" + b"\0" * 6) * 2, wire.FORMERR, id="two OPT"
        ),
        pytest.param(
            HEAD[:10] + b"\0\1" + QUESTION + b"\0\0\x29\x04\xd0\0\1\0\0\0\0", wire.BADVERS, id="EDNS 1"
        ),
    ],
)
def test_what_is_no_query_is_refused(message: bytes, rcode: int | None) -> None:
    with pytest.raises(MalformedError) as refused:
        read_query(message)
    assert refused.value.rcode == rcode
    said = answers.malformed(refused.value)
    assert (said is None) == (rcode is None)
    if said is not None:
        read = dns.message.from_wire(said)
        assert (read.id, read.rcode()) == (9, rcode)


@settings(max_examples=150)
@given(st.binary(max_size=300) | st.binary(max_size=80).map(lambda tail: HEAD + tail))
def test_random_bytes_end_in_a_query_or_a_refusal(message: bytes) -> None:
    try:
        query = read_query(message)
    except MalformedError:
        return
    assert dns.message.from_wire(query.forwarded(1)).question


A_RECORD = (NAME + ".", 300, "A", "192.0.2.1")
REAL = answered(
    asked(), (NAME + ".", 300, "CNAME", "edge.example.net."), ("edge.example.net.", 30, "A", "192.0.2.1")
)


@settings(max_examples=150)
@given(st.integers(0, len(REAL) - 1), st.binary(min_size=1, max_size=8), st.integers(0, len(REAL)))
def test_a_spoilt_answer_is_read_or_refused(place: int, spoilt: bytes, end: int) -> None:
    query = read_query(asked())
    message = (REAL[:place] + spoilt + REAL[place + len(spoilt) :])[:end]
    try:
        answer = read_answer(message, query)
    except ValueError:
        return
    assert len(wire.aged(answer, query, 5)) == len(message)


def test_names_that_lead_on_are_found_and_ttls_age() -> None:
    query = read_query(asked())
    answer = read_answer(REAL, query)
    assert (answer.targets, answer.seconds) == (("edge.example.net",), 30)
    other = replace(query, id=77, question=answer.message[12:33].upper())
    aged = dns.message.from_wire(wire.aged(answer, other, 12))
    assert aged.id == 77
    assert aged.question[0].name.to_text() == "WWW.EXAMPLE.COM."
    assert [rrset.ttl for rrset in aged.answer] == [288, 18]


def test_an_https_record_leads_on() -> None:
    query = read_query(asked(type_="HTTPS"))
    message = answered(asked(type_="HTTPS"), (NAME + ".", 60, "HTTPS", "0 pool.example.org."))
    assert read_answer(message, query).targets == ("pool.example.org",)


@pytest.mark.parametrize(
    ("records", "seconds"),
    [
        pytest.param([A_RECORD], 300, id="an address"),
        pytest.param([("example.com.", 900, "SOA", "a. b. 1 2 3 4 60")], 60, id="nothing: RFC 2308"),
        pytest.param([("example.com.", 20, "SOA", "a. b. 1 2 3 4 60")], 20, id="nothing, a short SOA"),
        pytest.param([], 0, id="nothing and no SOA"),
        pytest.param([(NAME + ".", 0, "A", "192.0.2.1")], 0, id="TTL 0"),
    ],
)
def test_how_long_an_answer_is_good(records: list[tuple[str, int, str, str]], seconds: int) -> None:
    assert read_answer(answered(asked(), *records), read_query(asked())).seconds == seconds


def test_an_answer_to_another_question_is_refused() -> None:
    with pytest.raises(ValueError, match="another question"):
        read_answer(answered(asked("www.example.org"), A_RECORD), read_query(asked()))


def test_the_number_of_a_type_is_no_letter() -> None:
    # 65 (HTTPS) is "A" and 97 is "a": the answer to one is none to the other, and is not kept for it
    https, other = read_query(asked(type_="HTTPS")), read_query(asked(type_="TYPE97"))
    assert https.key != other.key
    with pytest.raises(ValueError, match="another question"):
        read_answer(answered(asked(type_="TYPE97")), https)


def test_an_answer_without_its_question_is_not_kept() -> None:
    soa = ("example.com.", 900, "SOA", "a. b. 1 2 3 4 60")
    whole = answered(asked(), soa)
    end = wire.HEADER.size + len(read_query(asked()).question)
    without = whole[:2] + (0x8183).to_bytes(2) + b"\0\0" + whole[6:12] + whole[end:]
    assert read_answer(without, read_query(asked())).seconds == 0


def test_pointers_in_a_circle_are_refused() -> None:
    head = struct.pack("!HHHHHH", 1, 0x8180, 1, 1, 0, 0) + QUESTION
    circle = len(head) + 12
    record = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x05\x00\x02" + (0xC000 | circle).to_bytes(2)
    with pytest.raises(ValueError, match="point back"):
        read_answer(head + record, read_query(HEAD + QUESTION))


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("www.example.com", "www.example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("living\\032room._http.example.com", "_http.example.com"),
        ("a\\046b.c.example.com", "c.example.com"),
        ("a\\046b", ""),
        ("www.a\\032b.c.example.com", "c.example.com"),
        ("x.a\\032b.y.c\\000d.example.com", "example.com"),
        ("", ""),
    ],
)
def test_labels_with_odd_characters_are_no_part_of_a_host(name: str, host: str) -> None:
    assert host_of(name) == host


def test_frames_are_cut_wherever_the_stream_breaks() -> None:
    messages = [b"", b"one", b"x" * 300]
    stream = b"".join(map(framed, messages))
    for size in (1, 2, 7, 400):
        frames = Frames()
        found = []
        for start in range(0, len(stream), size):
            frames.put(stream[start : start + size])
            found += list(frames)
        assert found == messages
    frames = Frames(100)
    frames.put(b"\x01\x00")
    with pytest.raises(TooLongError):
        frames.take()
