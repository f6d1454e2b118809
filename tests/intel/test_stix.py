"""STIX bundles: both hash spellings, custom objects, combinations, failing loudly."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.intel import ImportFailedError, Indicator, Kind, read
from vedette.intel.stix import KNOWN_PATHS, read_stix
from vedette.intel.stix_pattern import PatternError, comparisons
from vedette.intel.tally import Document

SHA256, SHA1, MD5 = "0a" * 32, "0b" * 20, "0c" * 16
PUBLIC = "61ED377E85D386A8DFEE6B864BD85B0BFAA5AF81"


def bundle(*patterns: str, malware: dict[str, Any] | None = None, **indicator: Any) -> str:
    objects: list[dict[str, Any]] = []
    if malware is not None:
        objects.append({"type": "malware", "id": "malware--1", **malware})
    for n, pattern in enumerate(patterns):
        objects.append({"type": "indicator", "id": f"indicator--{n}", "pattern": pattern, **indicator})
        relation = {"type": "relationship", "id": f"relationship--{n}", "relationship_type": "indicates"}
        objects.append({**relation, "source_ref": f"indicator--{n}", "target_ref": "malware--1"})
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects})


def one(document: Document) -> Indicator:
    (indicator,) = document.indicators
    return indicator


@pytest.mark.parametrize(
    ("pattern", "kind", "value"),
    [
        (f"[file:hashes.sha256='{SHA256}']", Kind.SHA256, SHA256),
        (f"[file:hashes.'SHA-256'='{SHA256}']", Kind.SHA256, SHA256),
        (f"[file:hashes.'SHA-256' = '{SHA256.upper()}']", Kind.SHA256, SHA256),
        (f"[file:hashes.SHA1='{SHA1}']", Kind.SHA1, SHA1),
        (f"[file:hashes.'SHA-1'='{SHA1}']", Kind.SHA1, SHA1),
        (f"[file:hashes.MD5='{MD5}']", Kind.MD5, MD5),
        ("[app:id='org.example.app']", Kind.PACKAGE, "org.example.app"),
        (f"[app:cert.sha1='{SHA1}']", Kind.CERTIFICATE_SHA1, SHA1),
        (f"[app:cert.sha256='{SHA256}']", Kind.CERTIFICATE_SHA256, SHA256),
        ("[domain-name:value='evil[.]example']", Kind.DOMAIN, "evil.example"),
        ("[url:value = 'http://evil.example/x']", Kind.URL, "http://evil.example/x"),
        ("[file:name='com.evil.plist']", Kind.FILE_NAME, "com.evil.plist"),
        ("[file:path='/private/var/db/x']", Kind.FILE_PATH, "/private/var/db/x"),
        ("[configuration-profile:id='com.evil.mdm']", Kind.PROFILE, "com.evil.mdm"),
        ("[process:name='bh']", Kind.PROCESS, "bh"),
        ("[android-property:name='sys.evil']", Kind.PROPERTY, "sys.evil"),
        ("[email-addr:value='Mallory@evil.example']", Kind.EMAIL, "mallory@evil.example"),
        ("[ipv4-addr:value='192.0.2.7']", Kind.IPV4, "192.0.2.7"),
        ("[ipv6-addr:value='2001:db8::1']", Kind.IPV6, "2001:db8::1"),
        (r"[process:name='it\'s']", Kind.PROCESS, "it's"),
    ],
)
def test_types(pattern: str, kind: Kind, value: str) -> None:
    indicator = one(read_stix(bundle(pattern, malware={"name": "Fam"})))
    assert (indicator.kind, indicator.value, indicator.family) == (kind, value, "Fam")


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("[process:name='a' OR process:name='b']", ["a", "b"]),
        ("[process:name='a'] OR [process:name='b']", ["a", "b"]),
        ("[process:name IN ('a', 'b','c')]", ["a", "b", "c"]),
        (f"[file:hashes.MD5='{MD5}' AND file:name='x']", [MD5]),
        (f"[file:hashes.MD5='{MD5}' AND file:hashes.'SHA-1'='{SHA1}' OR process:name='p']", [MD5, SHA1, "p"]),
    ],
)
def test_alternatives(pattern: str, values: list[str]) -> None:
    assert [value for _, value in comparisons(pattern)] == values


@pytest.mark.parametrize(
    "pattern",
    [
        "[process:name='a' AND file:name='b']",
        "[process:name='a'] AND [file:name='b']",
        "[process:name='a'] FOLLOWEDBY [file:name='b']",
        "[process:name LIKE 'a%']",
        "[process:name != 'a']",
        "[file:size = 5]",
        "[process:name='a'",
        "[process:name='a']]",
        "process:name='a'",
        "[]",
        "",
        "[process:name='a'] WITHIN 5 SECONDS",
    ],
)
def test_what_says_more_than_one_of_these_is_not_half_understood(pattern: str) -> None:
    with pytest.raises(PatternError):
        comparisons(pattern)
    document = read_stix(bundle(pattern, "[process:name='taken']"))
    assert document.report.not_understood == {"pattern": 1}
    assert document.report.examples[0].value == pattern
    assert document.report.taken == {"process:name": 1}


@given(st.text(alphabet="[]()'=\\ ,abAND OR:.-", max_size=40))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        found = comparisons(pattern)
    except PatternError:
        return
    assert found


@pytest.mark.parametrize(
    ("malware", "indicator", "classification"),
    [
        ({"name": "M"}, {}, "TROJAN"),
        ({"name": "M", "malware_types": ["spyware"]}, {}, "SPYWARE"),
        ({"name": "M", "labels": ["adware"]}, {}, "ADWARE"),
        ({"name": "M", "malware_types": ["adware", "stalkerware"]}, {}, "SURVEILLANCEWARE"),
        ({"name": "M", "malware_types": ["unheard-of"]}, {}, "TROJAN"),
        (None, {"indicator_types": ["malicious-activity"]}, "TROJAN"),
        (None, {"labels": ["ransomware"]}, "TROJAN"),
        (None, {}, "UNKNOWN"),
    ],
)
def test_classification(
    malware: dict[str, Any] | None, indicator: dict[str, Any], classification: str
) -> None:
    document = read_stix(bundle("[process:name='a']", malware=malware, **indicator))
    assert one(document).classification == classification


def test_the_operator_may_say_what_untyped_means() -> None:
    text = bundle("[process:name='a']", malware={"name": "M"})
    assert one(read_stix(text, untyped="SURVEILLANCEWARE")).classification == "SURVEILLANCEWARE"
    typed = bundle("[process:name='a']", malware={"name": "M", "malware_types": ["adware"]})
    assert one(read_stix(typed, untyped="SURVEILLANCEWARE")).classification == "ADWARE"


def test_tools_are_risky_and_published_tools_are_softened() -> None:
    tool = bundle("[app:id='org.example.a']").replace(
        '"objects": [', '"objects": [{"type": "tool", "id": "malware--1", "name": "Kit"}, '
    )
    assert one(read_stix(tool)).classification == "RISKWARE"
    dual = one(read_stix(bundle("[app:id='org.traccar.client']", malware={"name": "T"})))
    assert dual.classification == "RISKWARE"
    assert "dual use" in dual.note


def test_public_keys_revoked_and_expired_are_skipped_and_counted() -> None:
    document = read_stix(bundle(f"[app:cert.sha1='{PUBLIC}']", "[app:id='org.example.a']"))
    assert document.report.skipped == {"app:cert.sha1: public signing key": 1}
    ended: dict[str, Any] = {"valid_until": "2020-01-01T00:00:00Z"}
    text = json.loads(bundle("[process:name='old']", **ended))
    text["objects"] += json.loads(bundle("[process:name='gone']", revoked=True))["objects"]
    text["objects"] += json.loads(bundle("[process:name='good']", indicator_types=["benign"]))["objects"]
    text["objects"] += json.loads(bundle("[process:name='new']"))["objects"]
    document = read_stix(json.dumps(text), at=dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
    assert [i.value for i in document.indicators] == ["new"]
    assert document.report.skipped == {
        "indicator: expired": 1,
        "indicator: revoked": 1,
        "indicator: not said to be bad": 1,
    }


def test_a_known_type_that_yields_nothing_fails_loudly() -> None:
    text = bundle("[file:hashes.sha256='not a hash']", "[process:name='a']")
    with pytest.raises(ImportFailedError, match=r"file:hashes\.sha256") as caught:
        read_stix(text)
    assert caught.value.report is not None
    assert caught.value.report.rejected == {"file:hashes.sha256": 1}


def test_one_bad_value_among_good_ones_is_reported_only() -> None:
    document = read_stix(bundle("[domain-name:value='nodots']", "[domain-name:value='evil.example']"))
    assert document.report.rejected == {"domain-name:value": 1}
    assert document.report.examples[0].why == "not a host name"


def test_unknown_types_and_odd_objects_are_counted() -> None:
    text = json.loads(bundle("[mutex:name='m']", "[process:name='a']", "[process:name='a']"))
    text["objects"] += [{"type": "vulnerability", "name": "CVE-1"}, {"type": "indicator", "labels": None}]
    report = read_stix(json.dumps(text)).report
    assert report.not_understood == {"mutex:name": 1, "object vulnerability": 1, "object": 1}
    assert report.duplicates == {"process:name": 1}
    assert report.total == 1
    assert json.loads(json.dumps(report.as_json()))["total"] == 1


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"type": "report"}', b'{"type":"bundle","objects":[]}', b"\xff\xfe{"]
)
def test_what_is_no_bundle(text: bytes) -> None:
    with pytest.raises(ImportFailedError):
        read(text, "stix2")


def test_other_pattern_languages() -> None:
    with pytest.raises(ImportFailedError, match="nothing in it is an indicator") as caught:
        read_stix(bundle("rule x {}", pattern_type="yara"))
    assert caught.value.report is not None
    assert caught.value.report.not_understood == {"pattern yara": 1}


def test_every_kind_of_an_application_or_network_has_a_path() -> None:
    assert set(Kind) - set(KNOWN_PATHS.values()) == {Kind.IOS_BUNDLE, Kind.ADDRESS_RANGE, Kind.CODE}
