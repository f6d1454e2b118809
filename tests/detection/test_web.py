"""Verdicts on hosts and addresses: reading them, whose word counts, whose name is borrowed, what is never said."""

import string
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from vedette.detection.web import (
    BadAddressError,
    WebLists,
    addresses_in,
    judge_host,
    judge_url,
    parse_address,
    parse_host,
)
from vedette.detection.web.categories import CATEGORIES
from vedette.detection.web.distance import Neighbours, distance
from vedette.detection.web.known_brands import KNOWN
from vedette.detection.web.suffixes import bundled
from vedette.detection.web.weights import STRONG_LURES, SUSPICIOUS, WEIGHTS
from vedette.intel import Index, Indicator, Kind, Source
from vedette.intel.indicators import ALLOW
from vedette.verdict.summaries import summary_in
from vedette.verdict.terms import TERMS

FEED = Source("feed")
INDEX = Index(
    [
        (
            FEED,
            [
                Indicator(Kind.DOMAIN, "listed.example", "TROJAN", "Family"),
                Indicator(Kind.DOMAIN, "phish.example", "PHISHING_CONTENT"),
                Indicator(Kind.DOMAIN, "pages.dev", "TROJAN"),
                Indicator(Kind.DOMAIN, "unsure.example", "TROJAN", confidence=20),
                Indicator(Kind.DOMAIN, "vouched.example", "TROJAN"),
                Indicator(Kind.URL, "https://host.example/bad/page", "PHISHING_CONTENT"),
                Indicator(Kind.IPV4, "192.0.2.7", "TROJAN"),
                Indicator(Kind.DOMAIN, "casino.example", "UNAUTHORIZED_CONTENT", "gambling"),
            ],
        ),
        (
            Source("warning"),
            [
                Indicator(Kind.DOMAIN, "vouched.example", "UNKNOWN", role=ALLOW),
                Indicator(Kind.DOMAIN, "login-verify.top", "UNKNOWN", role=ALLOW),
            ],
        ),
    ]
)
LISTS = WebLists.of(
    index=INDEX,
    denied={"denied.example": "", "both.example": ""},
    allowed={"allowed.example": "", "both.example": "", "fine.listed.example": ""},
    feeds=[("fed.example", "Our feed"), ("allowed.example", "Our feed")],
    categories=[("bets.example", "gambling"), ("drugs.example", "illegal_drugs")],
    own_domains=["contoso.com", "contoso.co.uk"],
    own_brands=["fabrikam"],
    blocked_categories=["gambling", "link_shorteners"],
)


def rule(text: str, lists: WebLists = LISTS) -> tuple[str, str]:
    verdict = judge_url(text, lists)
    return verdict.outcome, verdict.reasons[0].rule.removeprefix("web.") if verdict.reasons else ""


def signs(text: str, lists: WebLists = LISTS) -> set[str]:
    verdict = judge_url(text, lists)
    return {sign for e in verdict.reasons if e.fact == "signs_of_phishing" for sign in e.value.split(", ")}


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.COM.", "example.com"),
        ("hxxps://evil[.]example/x", "evil.example"),
        ("http://paypal.com@evil.example:80/x", "evil.example"),
        ("user:word@evil.example:99", "evil.example"),
        ("http:\\\\evil.example\\path", "evil.example"),
        ("ht\ttp://ev\nil.example", "evil.example"),
        ("http:///evil.example", "evil.example"),
        ("//evil.example/x", "evil.example"),
        ("evil\u3002example", "evil.example"),
        ("ev\u200bil.example", "evil.example"),
        ("%65vil.example", "evil.example"),
        ("fa\u00df.de", "xn--fa-hia.de"),
        ("\u0430\u0440\u0440\u04cf\u0435.com", "xn--80ak6aa92e.com"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0177.0.0.1/", "127.0.0.1"),
        ("http://127.1", "127.0.0.1"),
        ("http://[::ffff:127.0.0.1]/", "127.0.0.1"),
        ("http://[2001:DB8::1]:8443/", "2001:db8::1"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("localhost:8080/x", "localhost"),
    ],
)
def test_a_host_is_read_as_a_browser_reads_it(text: str, host: str) -> None:
    assert parse_address(text).host.name == host


@pytest.mark.parametrize(
    "text",
    ["", " ", "...", "a b", "http://", "http://a..b/", "http://256.1.1.1/", "http://1.2.3.4.5/", "http://[::1",
     "javascript:alert(1)", "mailto:bo@example.com", "intent://x#Intent;end", "http://x:70000/", "a" * 64 + ".example",
     "x." * 200 + "example", "x" * 9000, "http://[v1.x]/"],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_never_called_clean(text: str) -> None:
    with pytest.raises(BadAddressError):
        parse_address(text)
    assert judge_url(text, LISTS).outcome == ("suspicious" if text.strip(" .") else "clean")


@given(st.text(max_size=80) | st.text(string.ascii_letters + string.digits + ".-_:/@%[]#?\\xn", max_size=120))
@example("http://[")
@example("xn--")
@example("xn--\u0430.\u0660")
@example("\u0660.\u0661")
@example("%00.com")
@example("0x.0x")
@settings(max_examples=120, deadline=None)
def test_wild_input_always_gets_a_verdict(text: str) -> None:
    for verdict in (judge_host(text, LISTS), judge_url(text, LISTS)):
        assert (verdict.classification != "") == (verdict.outcome in {"suspicious", "blocked"})
        assert verdict.outcome == "clean" or summary_in("en", verdict.reasons)
    for address in addresses_in(text):
        parse_address(address)


@pytest.mark.parametrize("label", ["a\ud800b", "a\u202eb", "\u00fc\u0085"], ids=ascii)
def test_evidence_holds_nothing_that_cannot_be_stored_or_seen(label: str) -> None:
    host = f"xn--{label.encode('punycode').decode()}.bad.example"
    verdict = judge_host(host, WebLists.of(denied={"bad.example": ""}))
    assert {fact.value for fact in verdict.reasons if fact.fact == "host"} == {host}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_an_address_is_the_same_in_every_spelling(number: int) -> None:
    a, b, c, d = number.to_bytes(4)
    usual = f"{a}.{b}.{c}.{d}"
    for spelled in (
        str(number),
        hex(number),
        f"{a}.{b * 65536 + c * 256 + d}",
        f"0{a:o}.{hex(b)}.{c}.{d}",
        usual,
    ):
        host = parse_host(spelled)
        assert (host.name, host.is_ip, host.disguised) == (usual, True, spelled != usual)


def test_the_suffix_list_is_read_as_its_library_reads_it() -> None:
    """The library is slower by a factor of ten; it is the judge of our reading of its list."""
    theirs, ours = PublicSuffixList(), bundled()
    names = ["www.ck", "a.www.ck", "a.b.ck", "b.ck", "ck", "x.city.kawasaki.jp", "a.b.c.kobe.jp", "co.uk", "x.co.uk",
             "a.b.pages.dev", "pages.dev", "x.github.io", "x.unknown-ending", "x.blogspot.com", "x.s3.amazonaws.com",
             "\u98df\u72ee.\u516c\u53f8.cn", "x.eu-west-1.elb.amazonaws.com", "x.y.compute.amazonaws.com"]  # fmt: skip
    for name in names:
        host = parse_host(name).name
        split = ours.split(host)
        assert (split.suffix, split.registrable or None) == (
            theirs.publicsuffix(host),
            theirs.privatesuffix(host),
        ), name
    assert ours.split("x.github.io").private
    assert not ours.split("x.co.uk").private
    assert not ours.split("sfr.com.ru").private, "a registry's name, though a company runs it"


@given(st.text("abcd", max_size=8), st.text("abcd", max_size=8))
@settings(max_examples=80, deadline=None)
def test_distance_is_the_plain_one(a: str, b: str) -> None:
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    assert distance(a, b, 2) == min(rows[-1][-1], 3)


def test_one_mistake_is_always_found_but_in_the_first_letter() -> None:
    near = Neighbours(["metamask", "ebays"])
    for at in range(1, 8):
        wrong = "metamask"
        for text in (
            wrong[:at] + wrong[at + 1 :],
            wrong[:at] + "q" + wrong[at + 1 :],
            wrong[:at] + "q" + wrong[at:],
        ):
            assert near.near(text) == ("metamask", 1), text
    assert near.near("etamask") is None
    assert near.near("metamask") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://news.example/", ("clean", "")),
        ("https://www.denied.example/", ("blocked", "denied")),
        ("https://notdenied.example/", ("clean", "")),
        ("both.example", ("allowed", "allowed")),
        ("fed.example", ("blocked", "threat_feed")),
        ("x.allowed.example", ("allowed", "allowed")),
        ("cdn.listed.example", ("blocked", "indicators")),
        ("fine.listed.example", ("allowed", "allowed")),
        ("other.pages.dev", ("clean", "")),  # strangers: the listing speaks for exactly this name
        ("pages.dev", ("blocked", "indicators")),
        ("unsure.example", ("suspicious", "indicators")),
        ("vouched.example", ("clean", "")),
        ("http://host.example/bad/page?x=1#y", ("blocked", "indicators")),
        ("https://host.example/bad/", ("clean", "")),
        ("http://3221225991/x", ("blocked", "indicators")),
        ("www.bets.example", ("blocked", "category")),
        ("drugs.example", ("clean", "")),
        ("casino.example", ("blocked", "category")),
        ("www.casino.example", ("blocked", "category")),
        ("http://9.9.9.9/", ("clean", "")),
        ("https://bit.ly/x", ("blocked", "category")),
    ],
)  # fmt: skip
def test_whose_word_counts(text: str, expected: tuple[str, str]) -> None:
    assert rule(text) == expected


def test_classifications() -> None:
    assert judge_host("www.denied.example", LISTS).classification == "DENYLISTED_CONTENT"
    assert judge_host("phish.example", LISTS).classification == "PHISHING_CONTENT"
    assert judge_host("listed.example", LISTS).classification == "MALICIOUS_CONTENT"
    assert judge_host("bets.example", LISTS).classification == "UNAUTHORIZED_CONTENT"
    verdict = judge_host("listed.example", LISTS)
    assert {e.fact: e.value for e in verdict.reasons} == {
        "host": "listed.example", "entry": "listed.example", "feed": "feed (version 1)", "family": "Family",
    }  # fmt: skip
    assert verdict.stops(block_suspicious=False)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("https://paypal-login.example/", "name_with_lure"),
        ("https://securepaypal.example/", "name_with_lure"),
        ("https://www.dhl-tracking.top/", "name_with_lure"),
        ("https://ameli-espace-client.fr/", "name_with_lure"),
        ("https://microsoftonline.com.verify.example/", "name_as_host"),
        ("https://paypal.google.com.other.example/", "name_as_host"),
        ("https://paypa1.example/", "imitates_letters"),
        ("https://rnicrosoft.com/", "imitates_letters"),
        ("https://mircosoft.com/", "mistyped_name"),
        ("https://netflix-signin.pages.dev/", "name_with_lure"),
        ("https://paypal.weebly.com/", "name_on_shared_host"),
        ("https://c0ntoso.com/", "own_name"),
        ("https://contoso.net/", "own_name"),
        ("https://contoso-hr.com/", "own_name"),
        ("https://fabrikam.pages.dev/", "own_name"),
        ("https://my-secure-login.weebly.com/", "two_lure_words"),
        ("https://verify-account.top/", "abused_ending"),
        ("http://paypal.com@evil.example/x", "host_before_at"),
        ("http://9.9.9.9/paypal/login", "ip_address"),
        ("http://151587081/login", "disguised"),
        ("https://example.org/wp-content/uploads/login.php", "hidden_place"),
        ("https://p\u0430ypal-shop.example/", "mixed_scripts"),
        ("https://\u0441\u043e\u0440\u0430\u0445.com/", "looks_latin"),
    ],
)  # fmt: skip
def test_signs_make_it_suspicious_and_never_more(text: str, sign: str) -> None:
    assert rule(text) == ("suspicious", "signs")
    assert sign in signs(text)
    assert not judge_url(text, LISTS).stops(block_suspicious=False)
    assert judge_url(text, LISTS).stops(block_suspicious=True)


@pytest.mark.parametrize(
    "text",
    ["p\u0430yp\u0430l.com",
     "https://\u0430\u0440\u0440\u04cf\u0435.com/", "xn--mcrosoft-tkb.com", "c\u043ent\u043es\u043e.example",
     "c\u00f3nt\u00f3so.com"],
)  # fmt: skip
def test_a_name_that_looks_the_same_letter_by_letter_is_blocked(text: str) -> None:
    assert rule(text) == ("blocked", "homograph")


@pytest.mark.parametrize(
    "text",
    ["https://www.paypal.com/signin", "https://login.microsoftonline.com/", "https://hr.contoso.com/login",
     "https://accounts.google.co.uk/", "https://contoso.sharepoint.com/", "https://contoso.zendesk.com/",
     "https://contoso-my.sharepoint.com/", "https://contoso.my.salesforce.com/", "https://contoso-prod.azurewebsites.net/",
     "cloud.google",
     "https://www.example.org/news/paypal-login-trouble", "http://192.168.1.1/login", "https://github.com/login",
     "https://adobe.com.edgekey.net/", "https://secure.bank.example/login", "https://mail.ru/", "https://cloud.com/",
     "b\u00fccher.example", "\u043f\u0440\u0438\u043c\u0435\u0440.example", "login-verify.top"],
)  # fmt: skip
def test_what_is_somebodys_own_or_proves_little_is_clean(text: str) -> None:
    assert rule(text) == ("clean", "")


@given(
    st.lists(
        st.sampled_from([*KNOWN, *STRONG_LURES, "top", "pages", "dev", "com", "-", ".", "x"]),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=50, deadline=None)
def test_structure_alone_never_blocks(parts: list[str]) -> None:
    verdict = judge_url("".join(parts) + ".xyz/login/paypal?u=http://x.com", replace(WebLists(), index=INDEX))
    assert verdict.outcome in {"clean", "suspicious"}


def test_links_in_a_text() -> None:
    text = (
        "Your parcel: hxxps://dhl[.]example/x?y=1, or (http://b.org/y). See c.co.uk/z! Also report.pdf, me@foo.com, "
        "v1.2 and http://1.2.3.4:8080/a; www.x.de."
    )
    assert addresses_in(text) == (
        "https://dhl.example/x?y=1", "http://b.org/y", "c.co.uk/z", "http://1.2.3.4:8080/a", "www.x.de",
    )  # fmt: skip
    assert len(addresses_in(" ".join(f"a{n}.com" for n in range(200)))) == 50


def test_every_sign_and_category_has_words() -> None:
    assert set(WEIGHTS) | set(CATEGORIES) <= set(TERMS)
    assert all({"en", "fr"} <= set(TERMS[name]) for name in (*WEIGHTS, *CATEGORIES))
    assert max(WEIGHTS.values()) >= SUSPICIOUS
    assert summary_in("fr", judge_host("paypal-login.example", LISTS).reasons) == (
        "paypal-login.example ressemble à de l'hameçonnage : un nom connu à côté d'un mot qui appâte, "
        "un mot qui appâte."
    )
