"""Tables about systems: fixes of Android and Apple, exploitation, ends of support."""

import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from vedette.intel import ImportFailedError, read
from vedette.intel.os_table import AndroidFix, OsTable
from vedette.intel.os_versions import android_release


def entry(id_: str = "ASB-A-1", *, fixed: str = "14:2024-05-05", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "aliases": ["A-1", "CVE-2024-0001", "CVE-2024-0002"],
        "affected": [
            {
                "package": {"name": "platform/frameworks/base", "ecosystem": "Android"},
                "ranges": [
                    {
                        "type": "ECOSYSTEM",
                        "events": [{"introduced": fixed.partition(":")[0] + ":0"}, {"fixed": fixed}],
                    }
                ],
                "ecosystem_specific": {"severity": "Critical", "spl": "2024-05-05"},
            }
        ],
        **more,
    }


def table(text: bytes) -> OsTable:
    found = read(text).table
    assert found is not None
    return found


def test_one_entry_of_osv_holds_several_flaws() -> None:
    fixes = table(json.dumps(entry()).encode()).android
    assert fixes == [
        AndroidFix(cve, "14", dt.date(2024, 5, 5), "Critical", "platform/frameworks/base")
        for cve in ("CVE-2024-0001", "CVE-2024-0002")
    ]


def test_pixel_bulletins_kernels_and_chips_are_left_out_and_counted() -> None:
    entries = [
        entry(),
        entry("PUB-A-2"),
        entry("ASB-A-3", fixed=":2024-05-05"),
        entry("ASB-A-4", fixed="SoCVersion:2024-05-05"),
        entry("ASB-A-5", withdrawn="2024-06-01T00:00:00Z"),
        {"id": 7},
    ]
    report = read(json.dumps(entries).encode(), "osv-android").report
    assert report.taken == {"fix": 2}
    assert sum(report.skipped.values()) == 4
    assert report.not_understood == {"entry": 1}


def test_osv_as_lines_and_as_an_archive() -> None:
    lines = b"\n".join(json.dumps(entry(f"ASB-A-{n}", fixed=f"{n}:2024-05-05")).encode() for n in (13, 14))
    assert {fix.version for fix in table(lines).android} == {"13", "14"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ASB-A-1.json", json.dumps(entry()))
        archive.writestr("huge.json", b" " * 3_000_000)
        archive.writestr("readme.txt", "x")
    document = read(packed.getvalue())
    assert document.report.taken == {"fix": 2}
    assert document.report.not_understood == {"entry": 1}


@pytest.mark.parametrize("cut", [10, 100, -40])
def test_a_truncated_archive_is_refused(cut: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ASB-A-1.json", json.dumps(entry()))
    with pytest.raises(ImportFailedError):
        read(packed.getvalue()[:cut])


@pytest.mark.parametrize(
    ("version", "sdk", "release"),
    [
        ("15", None, "15"),
        ("8.1.0", None, "8.1"),
        ("12", 31, "12"),
        ("12", 32, "12L"),
        ("12L", None, "12L"),
        ("12.1", None, "12L"),
        ("10.0", None, "10"),
        ("Tiramisu", None, None),
    ],
)
def test_names_of_android_releases(version: str, sdk: int | None, release: str | None) -> None:
    assert android_release(version, sdk) == release


def test_sofa_takes_the_scope_from_the_name() -> None:
    def release(name: str, version: str, cves: Any) -> dict[str, Any]:
        return {
            "UpdateName": name,
            "ProductVersion": version,
            "ReleaseDate": "2024-11-19T00:00:00Z",
            "CVEs": cves,
        }

    feed = {
        "UpdateHash": "x",
        "OSVersions": [
            {
                "SecurityReleases": [
                    release("iPadOS 17.7.3", "17.7.3", {"CVE-2024-0001": {}})
                    | {"ActivelyExploitedCVEs": ["CVE-2024-0001"], "DeviceScope": "universal"},
                    release("iOS 17.7.2 and iPadOS 17.7.2", "17.7.2", {"CVE-2024-0002": True, "nonsense": 1}),
                    release("iOS 17.2.1", "17.2.1", None),
                    release("macOS 15", "15", {}),
                ]
            }
        ],
    }
    document = read(json.dumps(feed).encode())
    assert document.table is not None
    first, second, third = document.table.apple
    assert (first.iphone, first.ipad, first.exploited) == (False, True, ["CVE-2024-0001"])
    assert (second.iphone, second.ipad, second.exploited) == (True, True, ["CVE-2024-0002"])
    assert (third.iphone, third.ipad, third.cves) == (True, False, [])
    assert document.report.not_understood == {"release": 1}


@pytest.mark.parametrize("opening", [b"{%", b"{{", b"{{ a }"], ids=["tags", "outputs", "half outputs"])
def test_a_page_full_of_openings_is_read_in_time(opening: bytes) -> None:
    page = b"---\neolColumn: x\ntitle: 'T " + opening * 400_000 + b"'\nreleases:\n"
    page += b"  - releaseCycle: {% if a %}'1'{% endif %}{{ b }}\n    eol: false\n---\n"
    document = read(page)
    assert document.table is not None
    assert [lifetime.cycle for lifetime in document.table.lifetimes] == ["1"]


def test_kev_and_end_of_life() -> None:
    kev = {
        "catalogVersion": "1",
        "vulnerabilities": [
            {"cveID": "CVE-2024-0001", "dateAdded": "2024-05-01", "knownRansomwareCampaignUse": "Known"},
            {"cveID": "nothing"},
        ],
    }
    (exploited,) = table(json.dumps(kev).encode()).exploited
    assert (exploited.cve, exploited.since, exploited.ransomware) == (
        "CVE-2024-0001",
        dt.date(2024, 5, 1),
        True,
    )
    page = b"---\ntitle: Android OS\npermalink: /android\nreleases:\n  - releaseCycle: '13'\n    eol: 2026-03-02\n"
    page += b"  - releaseCycle: '14'\n    eol: false\n  - releaseCycle: x\n---\nText\n"
    document = read(page)
    assert document.table is not None
    first, second = document.table.lifetimes
    assert (first.product, first.cycle, first.ends) == ("android", "13", dt.date(2026, 3, 2))
    assert (second.ended, second.ends) == (False, None)
    assert document.report.not_understood == {"release": 1}


def test_published_tables(shared_dir: Path) -> None:
    folder = shared_dir / "intel"
    if not folder.is_dir():
        pytest.skip(f"0 published tables: no folder {folder}")
    for name, format_, least in (
        ("sofa-apple/v2/ios_data_feed.json", "sofa", 1600),
        ("sofa-apple/v1/ios_data_feed.json", "sofa", 1600),
        ("sofa-apple/data/resources/apple_cves_with_context.ndjson", "sofa", 200),
        ("cisa-kev/known_exploited_vulnerabilities.json", "kev", 1404),
        ("endoflife-mobile/products/samsung-mobile.md", "endoflife", 400),
    ):
        document = read((folder / name).read_bytes())
        assert (document.report.format, document.table is not None) == (format_, True), name
        assert document.report.total >= least, name
    apple = table((folder / "sofa-apple/v2/ios_data_feed.json").read_bytes()).apple
    assert [r.iphone for r in apple if r.version == "17.7.3"] == [False]
    assert any(r.exploited for r in apple)
