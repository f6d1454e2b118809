"""The index: what it finds, what it never matches, and that it does not slow down."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.intel import EMPTY, Index, Indicator, Kind, Source, public_key
from vedette.intel.certificates import PUBLIC_KEYS

A, B = Source("feed-a", 3), Source("feed-b", 1)
SHA = "ab" * 32


def package(name: str, code: str = "TROJAN") -> Indicator:
    return Indicator(Kind.PACKAGE, name, code, "Fam")


def test_hits_carry_feed_version_family_and_classification() -> None:
    index = Index([(A, [package("org.x.a")]), (B, [package("org.x.a", "ADWARE"), package("org.x.b")])])
    assert [(h.source, h.classification, h.family) for h in index.package("org.x.a")] == [
        (A, "TROJAN", "Fam"),
        (B, "ADWARE", "Fam"),
    ]
    assert str(index.package("org.x.a")[0].source) == "feed-a (version 3)"
    assert index.package("org.x.c") == EMPTY.package("org.x.a") == ()
    assert index.size == 3
    assert index.counts() == {"package": 2}


def test_hashes_are_told_apart_by_length_and_case_does_not_matter() -> None:
    kinds = {64: Kind.SHA256, 40: Kind.SHA1, 32: Kind.MD5}
    index = Index([(A, [Indicator(kind, "ab" * (n // 2), "TROJAN") for n, kind in kinds.items()])])
    for n, kind in kinds.items():
        assert index.file("AB" * (n // 2))[0].kind is kind
    assert index.file("ab") == index.file("") == index.certificate(SHA) == ()


def test_ios_bundles_match_on_ios_only() -> None:
    index = Index([(A, [Indicator(Kind.IOS_BUNDLE, "org.x.a", "RISKWARE"), package("org.x.b")])])
    assert index.package("org.x.a") == ()
    assert len(index.package("org.x.a", "IOS")) == 1
    assert len(index.package("org.x.b", "IOS")) == 1


@pytest.mark.parametrize("fingerprint", PUBLIC_KEYS)
def test_public_keys_match_nothing_even_if_a_feed_lists_them(fingerprint: str) -> None:
    kind = Kind.CERTIFICATE_SHA1 if len(fingerprint) == 40 else Kind.CERTIFICATE_SHA256
    index = Index([(A, [Indicator(kind, fingerprint, "TROJAN"), Indicator(kind, "", "TROJAN")])])
    assert index.size == 0
    assert index.certificate(fingerprint) == index.certificate("") == ()
    assert public_key(fingerprint.upper())


def test_the_five_shared_certificates_of_the_reference_are_known() -> None:
    for fingerprint in (
        "61ED377E85D386A8DFEE6B864BD85B0BFAA5AF81",
        "27196E386B875E76ADF700E7EA84E4C6EEE33DFA",
        "5B368CFF2DA2686996BC95EAC190EAA4F5630FE5",
        "B79DF4A82E90B57EA76525AB7037AB238A42F5D3",
        "219D542F901D8DB85C729B0F7AE32410096077CB",
    ):
        assert public_key(fingerprint)
    assert public_key("") is None


def test_ended_indicators_are_left_out() -> None:
    ended = package("org.x.old")._replace(valid_until=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert Index([(A, [ended])], at=now).size == 0
    assert Index([(A, [ended])], at=now - dt.timedelta(seconds=1)).size == 1


def test_explain_finds_whatever_was_typed() -> None:
    listed = [
        Indicator(Kind.DOMAIN, "evil.example", "PHISHING_CONTENT"),
        Indicator(Kind.CERTIFICATE_SHA256, SHA, "TROJAN"),
        Indicator(Kind.PROCESS, "bh", "SURVEILLANCEWARE"),
        Indicator(Kind.IPV4, "192.0.2.7", "BOT"),
        Indicator(Kind.URL, "http://evil.example/x", "TROJAN"),
    ]
    index = Index([(A, listed)])
    for typed, kind in {
        "evil[.]example": Kind.DOMAIN,
        ":".join(["AB"] * 32): Kind.CERTIFICATE_SHA256,
        "bh": Kind.PROCESS,
        "192.0.2[.]7": Kind.IPV4,
        "hxxp://evil[.]example/x": Kind.URL,
    }.items():
        assert [h.kind for h in index.explain(typed)] == [kind]
    assert index.explain("") == index.explain("harmless.example") == ()


@given(st.lists(st.sampled_from(["org.x.a", "org.x.b", "org.x.c"])), st.sampled_from(["org.x.a", "org.x.d"]))
def test_found_exactly_when_listed(names: list[str], asked: str) -> None:
    index = Index([(A, map(package, names))])
    assert len(index.package(asked)) == names.count(asked)


def test_building_is_linear() -> None:
    def seconds(count: int) -> float:
        listed = [package(f"org.x.a{n}") for n in range(count)]
        start = time.process_time()
        Index([(A, listed)])
        return time.process_time() - start

    small = max(min(seconds(2_000) for _ in range(5)), 0.0005)
    assert seconds(100_000) < small * 500, "fifty times the indicators must not cost 2,500 times the time"
