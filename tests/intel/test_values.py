"""Raw text of feeds to normal values: defanging, spellings, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.intel.indicators import BadValueError, Kind, kinds_of, network, normal, refang

SHA = "AB" * 32


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("hxxps://evil[.]example/a", "https://evil.example/a"),
        ("hXXp://evil.example", "http://evil.example"),
        ("evil[.]sub(.)example{.}org", "evil.sub.example.org"),
        ("evil[dot]example", "evil.example"),
        ("evil (dot) example", "evil.example"),
        ("hxxp[:]//evil.example", "http://evil.example"),
        ("hxxp[://]evil.example", "http://evil.example"),
        ("mallory[at]evil[.]example", "mallory@evil.example"),
        ("mallory[@]evil.example", "mallory@evil.example"),
        ("192.0.2[.]7", "192.0.2.7"),
        ("  plain.example ", "plain.example"),
    ],
)
def test_refang(written: str, meant: str) -> None:
    assert refang(written) == meant


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        ("Evil.Example.", Kind.DOMAIN, "evil.example"),
        ("bücher.example", Kind.DOMAIN, "xn--bcher-kva.example"),
        ("_dmarc.evil.example", Kind.DOMAIN, "_dmarc.evil.example"),
        ("192.0.2.7", Kind.IPV4, "192.0.2.7"),
        ("2001:DB8::0:1", Kind.IPV6, "2001:db8::1"),
        ("[2001:db8::1]", Kind.IPV6, "2001:db8::1"),
        ("HTTPS://Evil.Example/Path?Q=1", Kind.URL, "https://evil.example/Path?Q=1"),
        ("evil.example/path", Kind.URL, "http://evil.example/path"),
        ("evil.example/", Kind.DOMAIN, "evil.example"),
    ],
)
def test_network(raw: str, kind: Kind, value: str) -> None:
    assert network(raw) == (kind, value)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Kind.SHA256, "ab" * 20),
        (Kind.SHA256, "zz" * 32),
        (Kind.SHA256, ""),
        (Kind.CERTIFICATE_SHA1, " "),
        (Kind.MD5, "ab" * 32),
        (Kind.PACKAGE, "nodots"),
        (Kind.PACKAGE, "has space.app"),
        (Kind.DOMAIN, "nodots"),
        (Kind.DOMAIN, "a..b"),
        (Kind.DOMAIN, "-"),
        (Kind.DOMAIN, "a." * 130 + "example"),
        (Kind.URL, "http:///nothing"),
        (Kind.EMAIL, "nobody"),
        (Kind.EMAIL, "a@b"),
    ],
)
def test_malformed_values_are_refused(kind: Kind, raw: str) -> None:
    with pytest.raises(BadValueError):
        normal(kind, raw)


@pytest.mark.parametrize("written", [SHA, SHA.lower(), ":".join(["AB"] * 32)])
def test_hashes_have_one_spelling(written: str) -> None:
    assert normal(Kind.SHA256, written) == (Kind.SHA256, SHA.lower())


def test_what_a_person_may_have_typed() -> None:
    assert kinds_of(SHA) == [(Kind.SHA256, SHA.lower()), (Kind.CERTIFICATE_SHA256, SHA.lower())]
    assert (Kind.PACKAGE, "org.example.app") in kinds_of("org[.]example[.]app")
    assert (Kind.DOMAIN, "evil.example") in kinds_of("evil[.]example")
    assert (Kind.PROCESS, "bh") in kinds_of("bh")


@given(st.text(max_size=80), st.sampled_from(Kind))
def test_any_text_gives_a_value_or_a_clear_refusal(raw: str, kind: Kind) -> None:
    try:
        found, value = normal(kind, raw)
    except BadValueError:
        return
    assert value
    assert normal(found, value) == (found, value), "a normal value stays as it is"
