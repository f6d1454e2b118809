import datetime as dt
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_facts.canonical import CanonicalError, canonical_json
from vedette_facts.network import network_hash
from vedette_facts.report import (
    MAX_APPS,
    Facts,
    FactsError,
    canonical,
    decode_facts,
    digest,
    utc,
)


def report(**changes: Any) -> dict[str, Any]:
    return {
        "device": {"platform": "ANDROID", "manufacturer": "Google", "model": "Pixel 8a", "os_version": "15"},
        "agent": {"version": "0.1.0"},
        **changes,
    }


def app(**changes: Any) -> dict[str, Any]:
    return {"package": "org.example.app", **changes}


def test_what_a_report_leaves_out_is_unknown_and_not_no() -> None:
    facts = decode_facts(report())
    assert facts.posture.root is None
    assert facts.posture.screen_lock is None
    assert facts.device.security_patch is None
    assert facts.apps is None
    assert not facts.apps_complete


def test_a_newer_agent_may_send_fields_that_are_not_known_here() -> None:
    facts = decode_facts(report(colour="blue", posture={"root": True, "aura": 3}))
    assert facts.posture.root is True


def test_bytes_and_dict_give_the_same() -> None:
    source = report(apps=[app(sha256="a" * 64, certificates=["b" * 40])], apps_complete=True)
    assert decode_facts(source) == decode_facts(json.dumps(source).encode())


@pytest.mark.parametrize(
    ("source", "path", "words"),
    [
        ({"agent": {"version": "1"}}, "$", "missing required field `device`"),
        (report(device={"platform": "SYMBIAN"}), "$.device.platform", "Expected `ANDROID` or `IOS`"),
        (report(posture={"root": "yes"}), "$.posture.root", "bool"),
        (report(apps=[app(), app(), app(sha256="zz")]), "$.apps[2].sha256", "64 lower-case hexadecimal"),
        (report(apps=[app(certificates=["AB" * 20])]), "$.apps[0].certificates[0]", "40 or 64 lower-case"),
        (report(apps=[app(certificates=[""])]), "$.apps[0].certificates[0]", "40 or 64 lower-case"),
        (report(apps=[app(package="")]), "$.apps[0].package", "length >= 1"),
        (report(apps=[app(version_code=2**53)]), "$.apps[0].version_code", "<= 9007199254740991"),
        (report(apps=[app()] * (MAX_APPS + 1)), "$.apps", f"length <= {MAX_APPS}"),
        (report(apps=[app(name="a\0b")]), "$.apps[0].name", "NUL"),
        (report(later={"deep": ["\0"]}), "$.later.deep[0]", "NUL"),
        (report(apps_complete=True), "$.apps_complete", "`apps` is null"),
        (report(agent={"version": "1", "permissions": {"x" * 65: True}}), "agent.permissions", "<= 64"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(source: dict[str, Any], path: str, words: str) -> None:
    for form in (source, json.dumps(source).encode()):
        with pytest.raises(FactsError) as caught:
            decode_facts(form)
        assert path in caught.value.path
        assert words in caught.value.message


@pytest.mark.parametrize("patch", ["2024-13-01", "2024-02-30", "2024-5-1", "May 2024", "2024-05-01\n", ""])
def test_a_patch_level_is_a_real_date(patch: str) -> None:
    source = report()
    source["device"]["security_patch"] = patch
    with pytest.raises(FactsError, match="a date like 2026-03-05"):
        decode_facts(source)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b"nul",
        b"[]",
        b"\xff\xfe",
        b'{"device":' * 5000,
        b'{"a":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
    ],
)
def test_what_is_no_report_at_all_is_refused_too(text: bytes) -> None:
    with pytest.raises(FactsError):
        decode_facts(text)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert decode_facts(json.dumps(report(apps=[app(name="\\u0000")])).encode()).apps is not None


def test_digest_is_the_same_for_facts_and_for_what_was_sent() -> None:
    facts = decode_facts(report(apps=[app(name="Éclair")]))
    sent = json.loads(msgspec.json.encode(facts))
    assert digest(facts) == digest(sent)
    assert digest(sent) != digest({**sent, "later": 1})


def test_canonical_json_follows_rfc_8785() -> None:
    # the sorting example of RFC 8785 section 3.2.3
    source = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    names = list(json.loads(canonical_json(source)))
    assert names == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical_json({"b": [True, None, -1], "a": 'x"\\\b\x1f\x7f'}) == (
        b'{"a":"x\\"\\\\\\b\\u001f\x7f","b":[true,null,-1]}'
    )


@pytest.mark.parametrize("value", [1.5, 2**53, "\ud800", {1: 2}, object(), 0.0])
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(CanonicalError):
        canonical_json({"x": value} if not isinstance(value, dict) else value)


def test_canonical_refuses_endless_nesting() -> None:
    value: list[Any] = []
    for _ in range(40):
        value = [value]
    with pytest.raises(CanonicalError, match="deep"):
        canonical_json(value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_json)
def test_canonical_json_round_trips_and_is_a_fixed_point(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), _json, max_size=5), st.randoms())
def test_the_order_of_members_makes_no_difference(value: dict[str, Any], random: Any) -> None:
    names = list(value)
    random.shuffle(names)
    assert canonical_json({name: value[name] for name in names}) == canonical_json(value)


@given(_json | st.binary())
def test_whatever_comes_is_decoded_or_refused_with_words(value: Any) -> None:
    source = value if isinstance(value, bytes) else json.dumps(value).encode()
    try:
        facts = decode_facts(source)
    except FactsError as error:
        facts = None
        problem = (error.path, error.message)
    if facts is None:
        assert all(problem)
    else:
        assert isinstance(facts, Facts)


def test_canonical_of_facts_holds_every_field() -> None:
    fields = {"device", "agent", "posture", "apps", "apps_complete", "settings", "network", "collected"}
    assert fields == set(json.loads(canonical(decode_facts(report()))))


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({"settings": {"selinux": "off"}}, "$.settings.selinux", "Expected `enforcing`, `permissive`"),
        ({"network": {"kind": "smoke"}}, "$.network.kind", "Expected `wifi`"),
        (
            {"network": {"kind": "wifi", "probes": [{"host": "a", "outcome": "ok", "chain": ["x"]}]}},
            "$.network.probes[0].chain[0]",
            "a SHA-256 as 64",
        ),
    ],
)
def test_settings_and_network_have_limits(given: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(FactsError) as caught:
        decode_facts(report(**given))
    assert caught.value.path == path
    assert words in caught.value.message


def test_names_of_networks_are_hashed_with_the_salt_of_one_phone() -> None:
    assert network_hash("Guest", "a") != network_hash("Guest", "b")
    assert len(network_hash("Guest", "a")) == 64


def test_times_beyond_reason_are_refused() -> None:
    assert utc(dt.datetime(2026, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))).hour == 0
    with pytest.raises(ValueError, match="2000 and 2200"):
        utc(dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14))))
