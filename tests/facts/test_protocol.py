import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from vedette_facts import jose
from vedette_facts import protocol as p
from vedette_facts.canonical import canonical_json, digest_of
from vedette_facts.report import FactsError, decode_facts, digest

VECTORS = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "device-protocol-vectors.json").read_text("utf-8")
)
SHAPES: dict[str, Any] = {
    p.ENROLL_TYP: p.EnrollRequest,
    p.REPORT_TYP: p.ReportRequest,
    p.STATUS_TYP: p.StatusRequest,
}
NOW = dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
FACTS = json.dumps(VECTORS["facts"]).encode()


def report(**changes: Any) -> p.ReportRequest:
    fields: dict[str, Any] = {
        "device_id": "d",
        "audience": "https://x",
        "sequence": 1,
        "observed_at": NOW,
        "sent_at": NOW,
        "facts": msgspec.Raw(FACTS),
        **changes,
    }
    return p.ReportRequest(**fields)


def verified(token: str, typ: str) -> bytes:
    received = jose.receive(token.encode(), typ)
    key = received.embedded_key if typ == p.ENROLL_TYP else VECTORS["public_jwk"]
    if typ != p.ENROLL_TYP:
        assert received.key_id == VECTORS["key_id"]
    return jose.verify(received, key)


def test_the_thumbprint_of_the_vectors_holds() -> None:
    assert jose.key_id(VECTORS["public_jwk"]) == VECTORS["key_id"]
    members = json.dumps(VECTORS["public_jwk"], sort_keys=True, separators=(",", ":"))
    assert bytes.fromhex(digest_of(members.encode())) == jws_decode(VECTORS["key_id"])


def jws_decode(text: str) -> bytes:
    import base64  # noqa: PLC0415 - only this check by hand needs it

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("case", VECTORS["canonical"], ids=lambda case: case["about"])
def test_the_canonical_vectors_hold(case: dict[str, Any]) -> None:
    text = canonical_json(case["value"])
    assert text.decode() == case["canonical"]
    assert digest_of(text) == case["sha256"]


def test_the_facts_of_the_vectors_hold() -> None:
    assert canonical_json(VECTORS["facts"]).decode() == VECTORS["facts_canonical"]
    assert digest(VECTORS["facts"]) == VECTORS["facts_digest"]
    assert decode_facts(VECTORS["facts"]).device.model == "Pixel 8a"


@pytest.mark.parametrize("case", VECTORS["verify"], ids=lambda case: case["message"])
def test_the_signed_vectors_verify(case: dict[str, Any]) -> None:
    payload = verified(case["token"], case["typ"])
    assert json.loads(payload) == case["payload"]
    request = p.decode_request(payload, SHAPES[case["typ"]])
    if isinstance(request, p.ReportRequest):
        assert request.digest() == VECTORS["facts_digest"]


@pytest.mark.parametrize("case", VECTORS["refuse"], ids=lambda case: case["why"])
def test_the_tampered_vectors_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(jose.SignatureRefused) as caught:
        verified(case["token"], case["expected_typ"])
    assert caught.value.code == case["error"]


def test_what_is_signed_here_verifies_and_only_with_its_key() -> None:
    key, other = jose.new_key(), jose.new_key()
    token = jose.sign(report(), key, p.REPORT_TYP).encode()
    received = jose.receive(token, p.REPORT_TYP)
    public = jose.public_jwk(key)
    assert received.key_id == jose.key_id(public)
    assert p.decode_request(jose.verify(received, public), p.ReportRequest).sequence == 1
    with pytest.raises(jose.SignatureRefused, match="does not belong"):
        jose.verify(received, jose.public_jwk(other))


def test_another_implementation_of_jose_reads_our_tokens() -> None:
    key = jose.new_key()
    token = jose.sign(report(facts=msgspec.Raw(b"null"), unchanged="a" * 64), key, p.REPORT_TYP)
    plain = jws.deserialize_compact(token, ECKey.import_key(jose.public_jwk(key)), algorithms=["ES256"])
    assert json.loads(plain.payload or b"")["unchanged"] == "a" * 64


def test_a_report_may_be_as_large_as_the_protocol_allows() -> None:
    apps = [{"package": f"org.example.app{n}", "name": "x" * 200} for n in range(3000)]
    big = json.dumps({**VECTORS["facts"], "apps": apps}).encode()
    key = jose.new_key()
    token = jose.sign(report(facts=msgspec.Raw(big)), key, p.REPORT_TYP).encode()
    assert 700_000 < len(token) <= p.MAX_BYTES
    payload = jose.verify(jose.receive(token, p.REPORT_TYP), jose.public_jwk(key))
    facts = p.decode_request(payload, p.ReportRequest).decoded_facts()
    assert facts is not None
    assert len(facts.apps or []) == 3000


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "key",
        {},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA"},
        {"kty": "EC", "crv": "P-256", "x": 5, "y": 6},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "é", "y": "é"},
        VECTORS["private_jwk"],
    ],
)
def test_only_public_keys_on_the_curve_are_taken(jwk: object) -> None:
    with pytest.raises(jose.SignatureRefused) as caught:
        jose.checked_jwk(jwk)
    assert caught.value.code == "malformed"


def test_more_members_of_a_key_do_not_change_who_it_is() -> None:
    jwk = {**VECTORS["public_jwk"], "use": "sig", "kid": "nick"}
    assert jose.checked_jwk(jwk) == VECTORS["public_jwk"]


@given(st.binary(max_size=200) | st.text(alphabet="abcAZ09-_.=", max_size=80).map(str.encode))
def test_whatever_comes_is_refused_and_never_crashes(body: bytes) -> None:
    with pytest.raises(jose.SignatureRefused):
        jose.receive(body, p.REPORT_TYP)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_no_byte_of_a_token_can_be_changed(place: int, byte: int) -> None:
    case = VECTORS["verify"][1]
    token = bytearray(case["token"].encode())
    place %= len(token)
    if token[place] == byte:
        return
    token[place] = byte
    try:
        payload = verified(token.decode("latin-1"), case["typ"])
    except (jose.SignatureRefused, AssertionError):
        return  # refused, or the kid names another key
    # base64url leaves spare bits at the end of a part: another spelling of the very same message
    assert json.loads(payload) == case["payload"]


def test_facts_and_unchanged_exclude_each_other() -> None:
    for changes in ({"unchanged": "a" * 64}, {"facts": msgspec.Raw(b"null")}):
        with pytest.raises(ValueError, match="exactly one"):
            report(**changes)
    payload = json.loads(msgspec.json.encode(report())) | {"unchanged": "a" * 64}
    with pytest.raises(FactsError, match="exactly one"):
        p.decode_request(json.dumps(payload).encode(), p.ReportRequest)


def test_a_repeat_is_known_by_everything_but_the_time_it_was_sent() -> None:
    first = report()
    assert report(sent_at=NOW + dt.timedelta(hours=1)).fingerprint() == first.fingerprint()
    same = report(facts=msgspec.Raw(b"null"), unchanged=first.digest())
    assert same.fingerprint() == first.fingerprint()
    elsewhere = NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert report(observed_at=elsewhere).fingerprint() == first.fingerprint()
    changed = [
        report(sequence=2),
        report(device_id="e"),
        report(observed_at=NOW + dt.timedelta(seconds=1)),
        report(facts=msgspec.Raw(FACTS.replace(b"Pixel 8a", b"Pixel 9a"))),
    ]
    assert len({one.fingerprint() for one in (first, *changed)}) == 5


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"sequence": 0}, "$.sequence"),
        ({"sequence": 2**53}, "$.sequence"),
        ({"sequence": "1"}, "$.sequence"),
        ({"observed_at": "yesterday"}, "$.observed_at"),
        ({"observed_at": "2026-03-05T08:00:00"}, "$.observed_at"),
        ({"sent_at": "0001-01-01T00:00:00+14:00"}, "$"),
        ({"unchanged": "A" * 64, "facts": None}, "$.unchanged"),
        ({"device_id": ""}, "$.device_id"),
        ({"device_id": "a\0b"}, "$.device_id"),
    ],
)
def test_wrong_fields_of_a_request_are_named(changes: dict[str, Any], path: str) -> None:
    payload = json.loads(msgspec.json.encode(report())) | changes
    with pytest.raises(FactsError) as caught:
        p.decode_request(json.dumps(payload).encode(), p.ReportRequest)
    assert caught.value.path == path


def test_wrong_facts_are_named_under_facts() -> None:
    request = report(facts=msgspec.Raw(b'{"device":{},"agent":{"version":"1"}}'))
    with pytest.raises(FactsError) as caught:
        request.decoded_facts()
    assert caught.value.path == "$.facts.device"
    with pytest.raises(FactsError, match="no canonical form"):
        report(facts=msgspec.Raw(b'{"x":1.5}')).digest()


def test_a_slash_at_the_end_is_the_same_audience() -> None:
    assert p.same_audience("https://x.example/", "https://x.example")
    assert not p.same_audience("https://x.example.org", "https://x.example")


def test_every_error_code_has_its_status() -> None:
    assert set(p.ERROR_STATUS) == set(p.ErrorCode.__args__)  # type: ignore[attr-defined]  # of typing.Literal


def test_answers_are_told_apart_by_status() -> None:
    activated = p.Activated(device_id="d", key_id="k", binding="code", server_time=NOW, check_in_seconds=60)
    waiting = p.Waiting(reason="not_in_enrollment_group", key_id="k", retry_seconds=5, message="wait")
    for answer, status in ((activated, "activated"), (waiting, "waiting")):
        text = msgspec.json.encode(answer)
        assert json.loads(text)["status"] == status
        assert msgspec.json.decode(text, type=p.Activated | p.Waiting) == answer
    assert json.loads(msgspec.json.encode(p.ErrorAnswer(error="busy", message="m", next_step="n"))) == {
        "error": "busy",
        "message": "m",
        "next_step": "n",
    }
