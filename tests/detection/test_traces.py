"""Traces of an acquisition against indicators of every kind."""

import pytest

from vedette.detection.traces import judge_traces
from vedette.intel.index import Index, Source
from vedette.intel.indicators import Indicator, Kind
from vedette_facts.traces import Trace

FEED = Source("feed")


def index(kind: Kind, value: str, classification: str = "SURVEILLANCEWARE") -> Index:
    return Index([(FEED, [Indicator(kind, value, classification, "Example")])])


@pytest.mark.parametrize(
    ("kind", "value", "trace", "meets"),
    [
        (
            Kind.DOMAIN,
            "evil.example",
            Trace(kind="url", value="https://a.evil.example:8443/x?y", where="w"),
            True,
        ),
        (Kind.DOMAIN, "evil.example", Trace(kind="url", value="https://evil.example", where="w"), True),
        (Kind.DOMAIN, "evil.example", Trace(kind="url", value="https://notevil.example/", where="w"), False),
        (
            Kind.DOMAIN,
            "evil.example",
            Trace(kind="url", value="https://good.example/evil.example", where="w"),
            False,
        ),
        (Kind.DOMAIN, "evil.example", Trace(kind="url", value="https://u:p@evil.example/", where="w"), True),
        (
            Kind.URL,
            "https://evil.example/x",
            Trace(kind="url", value="https://EVIL.example/x", where="w"),
            True,
        ),
        (Kind.IPV4, "192.0.2.7", Trace(kind="url", value="http://192.0.2.7:80/x", where="w"), True),
        (Kind.SHA256, "a" * 64, Trace(kind="file", value="/x", where="w", hashes=("a" * 64,)), True),
        (Kind.SHA1, "b" * 40, Trace(kind="file", value="/x", where="w", hashes=("a" * 64, "b" * 40)), True),
        (
            Kind.FILE_PATH,
            "/private/var/db/x",
            Trace(kind="file", value="HomeDomain/private/var/db/x", where="w"),
            True,
        ),
        (Kind.FILE_NAME, "implant", Trace(kind="file", value="/system/xbin/implant", where="w"), True),
        (Kind.FILE_NAME, "implant", Trace(kind="file", value="/system/xbin/implant2", where="w"), False),
        (
            Kind.DOMAIN,
            "evil.example",
            Trace(kind="file", value="AppDomain-x/Library/WebKit/https_www.evil.example_0/db", where="w"),
            True,
        ),
        (Kind.PROCESS, "bh", Trace(kind="process", value="bh", where="w"), True),
        (Kind.PROPERTY, "sys.spy", Trace(kind="property", value="sys.spy", where="w"), True),
        (Kind.EMAIL, "a@evil.example", Trace(kind="email", value="mailto:A@evil.example", where="w"), True),
        (Kind.PACKAGE, "org.evil", Trace(kind="app", value="org.evil", where="w"), True),
        (Kind.DOMAIN, "evil.example", Trace(kind="url", value="https://[::1", where="w"), False),
    ],
)
def test_what_meets_an_indicator(kind: Kind, value: str, trace: Trace, *, meets: bool) -> None:
    findings = judge_traces([trace], index(kind, value), "ANDROID")
    assert bool(findings) is meets
    for finding in findings:
        assert finding.classification == "SURVEILLANCEWARE"
        assert value in finding.summary
        assert "w" in {evidence.value for evidence in finding.evidence}


def test_one_indicator_is_one_finding_however_often_it_is_met() -> None:
    traces = [Trace(kind="url", value=f"https://evil.example/{page}", where="w") for page in range(50)]
    assert len(judge_traces(traces, index(Kind.DOMAIN, "evil.example"), "IOS")) == 1


def test_a_classification_that_the_platform_has_not_is_told_as_one_that_it_has() -> None:
    trace = Trace(kind="url", value="https://evil.example/", where="w")
    (finding,) = judge_traces([trace], index(Kind.DOMAIN, "evil.example", "NO_SUCH"), "IOS")
    assert finding.classification == "MALICIOUS_CONTENT"
