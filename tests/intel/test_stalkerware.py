"""The stalkerware feed's three files, with its traps."""

import pytest

from vedette.intel import ImportFailedError, Index, Kind, Source, read
from vedette.intel.stalkerware import read_csv, read_yaml

CERTIFICATE = "0F" * 20
PUBLIC = "61ED377E85D386A8DFEE6B864BD85B0BFAA5AF81"
FEED = f"""
- name: DemoSpy
  names: [DemoSpy, DemoSpy Pro]
  type: stalkerware
  packages:
  - org.example.spy
  - org.example.spy
  certificates:
  - {CERTIFICATE}
  - {PUBLIC}
  - {"1" * 40}
  websites:
  - demospy.example
  certificate_organizations:
  - Demo Inc
  c2:
    ips:
    - 192.0.2.9
    domains:
    - c2.demospy[.]example
    - 192.0.2.10
- name: DemoWatch
  type: watchware
  packages:
  - org.example.watch
  ios_bundles:
  - org.example.watch.ios
- name: Strange
  type: something-new
  packages:
  - org.example.strange
"""


def test_yaml() -> None:
    document = read_yaml(FEED)
    meanings = {i.value: (i.kind, i.classification, i.family, i.role) for i in document.indicators}
    assert meanings["org.example.spy"] == (Kind.PACKAGE, "SURVEILLANCEWARE", "DemoSpy", "")
    assert meanings["org.example.watch"] == (Kind.PACKAGE, "RISKWARE", "DemoWatch", "")
    assert meanings["org.example.watch.ios"][0] is Kind.IOS_BUNDLE
    assert meanings["org.example.strange"][1] == "UNKNOWN"
    assert meanings["1" * 40][0] is Kind.CERTIFICATE_SHA1, "a hash that looks like a number stays a text"
    assert meanings["c2.demospy.example"] == (Kind.DOMAIN, "SURVEILLANCEWARE", "DemoSpy", "c2")
    assert meanings["192.0.2.10"][0] is Kind.IPV4
    report = document.report
    assert report.taken["packages"] == 3
    assert report.duplicates == {"packages": 1}
    assert report.skipped == {"certificates: public signing key": 1}
    assert report.not_understood == {"certificate_organizations": 1, "type": 1}


def test_an_openly_published_tool_is_risky_and_so_is_its_signer() -> None:
    text = f"""
- name: Tracker
  type: stalkerware
  packages: [org.traccar.client, org.traccar.client.hidden]
  certificates: [{CERTIFICATE}]
"""
    meanings = {i.value: i.classification for i in read_yaml(text).indicators}
    assert meanings == {
        "org.traccar.client": "RISKWARE",
        "org.traccar.client.hidden": "SURVEILLANCEWARE",
        CERTIFICATE.lower(): "RISKWARE",
    }


@pytest.mark.parametrize(
    "text", ["", "a: b", "- [", "just words", "- 5", "- name: Empty\n  type: stalkerware"]
)
def test_what_is_no_feed(text: str) -> None:
    with pytest.raises(ImportFailedError):
        read_yaml(text)


def test_a_field_whose_values_all_changed_shape_fails_loudly() -> None:
    with pytest.raises(ImportFailedError, match="certificates"):
        read_yaml("- name: X\n  type: stalkerware\n  packages: [org.example.a]\n  certificates: ['CN=Evil']")


SAMPLES = f"""SHA256,Package Name,Certificate,Version,App
{"a1" * 32},org.example.a,{CERTIFICATE},1,SpyA
{"a2" * 32},org.example.b,,2,SpyB
{"a3" * 32},org.example.c,{PUBLIC},3,SpyC
{"a4" * 32},org.example.d,{CERTIFICATE},4,SpyA
"""


def test_samples() -> None:
    document = read_csv(SAMPLES)
    assert document.report.taken == {"sha256": 4, "certificate": 1}
    assert document.report.duplicates == {"certificate": 1}
    assert document.report.skipped == {"certificate: empty": 1, "certificate: public signing key": 1}
    assert {i.classification for i in document.indicators} == {"SURVEILLANCEWARE"}
    assert not [i for i in document.indicators if i.kind is Kind.PACKAGE]


def test_an_empty_or_public_certificate_matches_nothing() -> None:
    index = Index([(Source("samples"), read_csv(SAMPLES).indicators)])
    assert index.certificate("") == ()
    assert index.certificate(PUBLIC) == index.certificate(PUBLIC.lower()) == ()
    (hit,) = index.certificate(CERTIFICATE)
    assert hit.family == "SpyA"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column"),
        ("SHA256,Package\n", "no column"),
        ("SHA256,Package Name,Certificate,Version,App\n", "not recognised"),
        ("SHA256,Package Name,Certificate,Version,App\nxyz,a.b,,1,A\n", "sha256"),
    ],
)
def test_what_is_no_list_of_samples(text: str, said: str) -> None:
    with pytest.raises(ImportFailedError, match=said):
        read_csv(text)


def test_a_short_row_is_read_as_far_as_it_goes() -> None:
    document = read_csv(SAMPLES + f"{'a5' * 32},org.example.e\n\n")
    assert document.report.taken["sha256"] == 5


def test_formats_are_recognised() -> None:
    assert read(FEED.encode()).report.format == "stalkerware-yaml"
    assert read(SAMPLES.encode()).report.format == "stalkerware-csv"
    assert read(b"\xef\xbb\xbf" + SAMPLES.encode()).report.total == 5
    with pytest.raises(ImportFailedError, match="not recognised"):
        read(b"hello")
