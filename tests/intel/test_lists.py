"""Lists of any shape: plain text, prose, tables, records, Maltrail, warning lists, the index of MVT."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.intel import FORMATS, Hints, ImportFailedError, Index, Kind, Source, read, recognise
from vedette.intel.shapes import kind_of

SHA = "ab" * 32


def values(text: str, **hints: object) -> set[tuple[str, str]]:
    return {(str(i.kind), i.value) for i in read(text.encode(), hints=Hints(**hints)).indicators}  # type: ignore[arg-type]  # the field names are those of Hints


@pytest.mark.parametrize(
    ("raw", "kind", "value"),
    [
        ("evil[.]example[.]net", Kind.DOMAIN, "evil.example.net"),
        ("hxxps://evil[.]example/x", Kind.URL, "https://evil.example/x"),
        ("192.0.2[.]7:8080", Kind.IPV4, "192.0.2.7"),
        ("2001:db8::7", Kind.IPV6, "2001:db8::7"),
        ("192.0.2.0/24", Kind.ADDRESS_RANGE, "192.0.2.0/24"),
        ("host.example/gate.php", Kind.URL, "http://host.example/gate.php"),
        (SHA, Kind.SHA256, SHA),
        (":".join(["AB"] * 20), Kind.CERTIFICATE_SHA1, "AB" * 20),
        ("someone@evil[.]example", Kind.EMAIL, "someone@evil.example"),
        ("com.android.system.configs.service", Kind.PACKAGE, "com.android.system.configs.service"),
        ("org.spy_app.x", Kind.PACKAGE, "org.spy_app.x"),
        ("app.evil[.]co", Kind.DOMAIN, "app.evil.co"),
        ("com.example.app", None, ""),
        ("hello", None, ""),
        ("a@" + "." * 400, None, ""),
        ("a" * 320 + "@evil.example", None, ""),
        ("https://evil.example/" + "x" * 5000, None, ""),
    ],
    ids=lambda raw: str(raw)[:40],
)
def test_shapes(raw: str, kind: Kind | None, value: str) -> None:
    found = kind_of(raw)
    assert (found[0] if found else None) is kind
    if found:
        assert found[1] == value


def test_a_report_in_prose_yields_what_is_defanged_and_no_references() -> None:
    text = f"""= Campaign

The post is at https://www.example.org/research/ and concerns Android.

The server evil[.]example was used, see table.
|{SHA} | com.x.y | Dropper
| 198.51.100[.]4 | c2.evil[.]example | first seen 2024
"""
    assert values(text) == {
        ("domain", "evil.example"),
        ("sha256", SHA),
        ("ipv4", "198.51.100.4"),
        ("domain", "c2.evil.example"),
    }


def test_plain_lists_comments_hosts_format_and_kind() -> None:
    text = "# a comment\n0.0.0.0 ads.evil.example\nb.example # why\n\n"
    assert values(text) == {("domain", "ads.evil.example"), ("domain", "b.example")}
    assert values("bh\nroleaboutd\n", kind=Kind.PROCESS) == {("process", "bh"), ("process", "roleaboutd")}
    report = read(b"a.example\ncom.example.app\n").report
    assert report.not_understood == {"line": 1}
    assert report.examples[0].value == "com.example.app"


def test_tables_with_the_usual_columns() -> None:
    text = (
        "indicator;type;malware;classification;confidence;valid_until;colour\n"
        "evil[.]example;domain;FluBot;banker;80;2027-01-01;red\n"
        f"{SHA};sha256;;spyware;low;;\n"
    )
    document = read(text.encode())
    first, second = document.indicators
    assert (first.kind, first.value, first.family) == (Kind.DOMAIN, "evil.example", "FluBot")
    assert (first.classification, first.confidence) == ("TROJAN", 80)
    assert first.valid_until == dt.datetime.combine(dt.date(2027, 1, 1), dt.time.max, dt.UTC)
    assert (second.classification, second.confidence) == ("SPYWARE", 15)
    assert document.report.not_understood == {"column colour": 1}


def test_records_in_json_and_yaml() -> None:
    listed = [{"domain": "evil.example", "family": "X"}, {"package_name": "org.x.spy", "labels": ["spyware"]}]
    expected = {("domain", "evil.example"), ("package", "org.x.spy")}
    assert values(json.dumps(listed)) == expected
    assert values("\n".join(json.dumps(item) for item in listed)) == expected
    assert values("domains:\n  - evil.example\npackages:\n  - org.x.spy\n") == expected


def test_deny_and_allow_lists_in_one_file() -> None:
    document = read(
        json.dumps({"blacklist": ["evil.example", "b.example"], "whitelist": ["b.example"]}).encode()
    )
    index = Index([(Source("x"), document.indicators)])
    assert index.find(Kind.DOMAIN, "evil.example")
    assert index.find(Kind.DOMAIN, "b.example") == ()
    assert index.listed(Kind.DOMAIN, "b.example")


def test_a_table_of_something_else_is_refused() -> None:
    for text in ("cve,urls,name\nCVE-1,https://a.example/x,y\n", '[{"url": "https://a.example", "os": "1"}]'):
        with pytest.raises(ImportFailedError, match="No column"):
            read(text.encode())


MALTRAIL = b"""# Copyright (c) 2014-2026 Maltrail developers (https://github.com/stamparm/maltrail/)

# Aliases: anubis, zanubis
# Reference: https://example.org/post

evil.example
com.evil.example
192.0.2.4:8443
host.example/gate.php
/api/gate.php
"""


def test_maltrail() -> None:
    document = read(MALTRAIL)
    assert document.report.format == "maltrail"
    assert document.report.not_understood == {"path": 1}
    assert {(i.value, i.family, i.classification, i.role) for i in document.indicators} == {
        (value, "anubis", "TROJAN", "c2")
        for value in ("evil.example", "com.evil.example", "192.0.2.4", "http://host.example/gate.php")
    }


def warning_list(type_: str, *listed: str) -> bytes:
    return json.dumps(
        {
            "description": "d",
            "list": listed,
            "matching_attributes": ["domain"],
            "name": "Known",
            "type": type_,
        }
    ).encode()


def test_warning_lists_win_over_feeds_for_exactly_what_they_name() -> None:
    feed = read(b"dyn.example\nevil.dyn.example\n192.0.2.9\n198.51.100.1\n" + SHA.encode())
    lists = [
        (Source("feed"), feed.indicators),
        (Source("names"), read(warning_list("hostname", ".dyn.example")).indicators),
        (Source("ranges"), read(warning_list("cidr", "192.0.2.0/24")).indicators),
        (Source("empty"), read(warning_list("string", SHA)).indicators),
    ]
    index = Index(lists)
    assert index.find(Kind.DOMAIN, "dyn.example") == index.find(Kind.IPV4, "192.0.2.9") == ()
    assert index.find(Kind.SHA256, SHA) == ()
    assert index.find(Kind.DOMAIN, "evil.dyn.example")
    assert index.find(Kind.IPV4, "198.51.100.1")
    vain, allowing = index.explain_overruled("dyn[.]example")
    assert [hit.source.feed for hit in vain] == ["feed"]
    assert [hit.source.feed for hit in allowing] == ["names"]
    assert read(warning_list("string", "a.example")).indicators
    with pytest.raises(ImportFailedError):
        read(warning_list("regex", ".*"))


def test_the_index_of_mvt_names_feeds() -> None:
    text = b"""indicators:
  -
    type: github
    name: NSO Group Pegasus Indicators of Compromise
    github: {owner: AmnestyTech, repo: investigations, branch: master, path: 2021-07-18_nso/pegasus.stix2}
  - {type: download, name: Own list, download_url: "https://feeds.example/own.stix2"}
  - {type: magic, name: Else}
"""
    document = read(text)
    first, second = document.references
    assert first.name == "mvt-nso-group-pegasus"
    assert first.address.endswith("/AmnestyTech/investigations/master/2021-07-18_nso/pegasus.stix2")
    assert second.address == "https://feeds.example/own.stix2"
    assert document.report.not_understood == {"magic": 1}


def test_published_lists_are_recognised(shared_dir: Path) -> None:
    folder = shared_dir / "intel"
    if not folder.is_dir():
        pytest.skip(f"0 published lists: no folder {folder}")
    expected = {
        "maltrail-mobile/malware/android_anubis.txt": ("maltrail", 1900),
        "misp-warninglists/lists/captive-portals.json": ("misp-warninglist", 3),
        "misp-warninglists/lists/empty-hashes.json": ("misp-warninglist", 3),
        "mvt-indicators/indicators.yaml": ("mvt-index", 15),
        "eset-android-ioc/spyloan/README.adoc": ("text", 35),
        "amnesty-investigations/2018-08-01_nso/indicators.csv": ("csv", 1100),
        "mvt-indicators/2023-07-25_wyrmspy_dragonegg/package_names.txt": ("text", 7),
    }
    for name, (format_, least) in expected.items():
        report = read((folder / name).read_bytes()).report
        assert report.format == format_, name
        assert report.total >= least, name


def outcome(text: bytes, format_: Any) -> str:
    try:
        return read(text, format_).report.format
    except ImportFailedError as error:
        return error.message


@settings(max_examples=150)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode), st.sampled_from([None, *FORMATS]))
def test_whatever_comes_is_read_or_refused_with_words(text: bytes, format_: str | None) -> None:
    assert outcome(text, format_)


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b"{" * 100_000, b"- " * 50_000, b"a: &a [*a, *a]", b"&a" * 9000]
)
def test_deeply_nested_texts_are_refused(text: bytes) -> None:
    assert all(outcome(text, format_) for format_ in FORMATS)
    with pytest.raises(ImportFailedError):
        recognise(b"\0\0")
