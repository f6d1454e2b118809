"""Which fixes a version lacks, and whether anybody still mends it."""

import datetime as dt
from pathlib import Path

import pytest

from vedette.intel import read
from vedette.intel.os_knowledge import NOTHING_KNOWN, OsKnowledge
from vedette.intel.os_table import AndroidFix, AppleRelease, Exploited, Lifetime, OsTable

DAY = dt.date(2026, 11, 1)
FIXES = [
    AndroidFix("CVE-2026-0001", "15", dt.date(2026, 5, 1), "High"),
    AndroidFix("CVE-2026-0002", "15", dt.date(2026, 5, 5), "Critical"),
    AndroidFix("CVE-2026-0003", "15", dt.date(2026, 6, 1), "Moderate"),
    AndroidFix("CVE-2026-0004", "14", dt.date(2026, 6, 1), "High"),
    AndroidFix("CVE-2026-0005", "12L", dt.date(2026, 6, 1), "High"),
]


def apple(version: str, day: str, kinds: str, *cves: str, exploited: tuple[str, ...] = ()) -> AppleRelease:
    return AppleRelease(
        version, dt.date.fromisoformat(day), "h" in kinds, "p" in kinds, list(cves), list(exploited)
    )


KNOWN = OsKnowledge(
    [
        OsTable(android=FIXES, exploited=[Exploited("CVE-2026-0003")]),
        OsTable(
            apple=[
                apple("26.1", "2026-09-01", "hp", "CVE-A-4", exploited=("CVE-A-4",)),
                apple("26.0", "2026-07-01", "hp", "CVE-A-3"),
                apple("18.7.2", "2026-09-01", "hp", "CVE-A-4"),
                apple("18.7.1", "2026-08-01", "hp", "CVE-A-2"),
                apple("17.7.3", "2026-09-01", "p", "CVE-A-2", "CVE-A-4"),
                apple("17.7.2", "2026-06-01", "hp", "CVE-A-1"),
            ]
        ),
        OsTable(
            lifetimes=[
                Lifetime("android", "13", "Android 13", ended=False, ends=dt.date(2026, 3, 2)),
                Lifetime("android", "15", "Android 15", ended=False),
                Lifetime("android", "12.1", "12L", ended=True),
                Lifetime("pixel", "6a", "Pixel 6a", ended=False, ends=dt.date(2026, 1, 1)),
                Lifetime("ios", "17", "17", ended=True),
            ]
        ),
    ]
)


def cves(version: str, patch: str, sdk: int | None = None) -> list[str]:
    return [m.cve for m in KNOWN.android(version, sdk, dt.date.fromisoformat(patch)).missing]


def test_patch_levels_of_a_month_differ_and_exploited_flaws_come_first() -> None:
    assert cves("15", "2026-04-05") == ["CVE-2026-0003", "CVE-2026-0002", "CVE-2026-0001"]
    assert cves("15", "2026-05-01") == ["CVE-2026-0003", "CVE-2026-0002"]
    assert cves("15.0", "2026-05-05") == ["CVE-2026-0003"]
    assert cves("15", "2026-06-01") == []
    assert cves("12", "2026-01-01", sdk=32) == ["CVE-2026-0005"]


def test_a_version_that_no_table_knows_is_not_called_fine() -> None:
    assert not KNOWN.android("11", None, DAY).covered
    assert not KNOWN.apple("12.1", ipad=False).covered
    assert not KNOWN.apple("beta", ipad=False).covered
    assert NOTHING_KNOWN.empty
    assert KNOWN.android("15", None, DAY).covered


@pytest.mark.parametrize(
    ("version", "ipad", "missing", "ended"),
    [
        ("26.1", False, [], False),
        ("26.0", False, ["CVE-A-4"], False),
        ("18.7.1", False, ["CVE-A-4"], False),
        ("18.6", True, ["CVE-A-4", "CVE-A-2"], False),
        ("17.7.2", True, ["CVE-A-4", "CVE-A-2"], False),
        ("17.7.2", False, ["CVE-A-4", "CVE-A-2", "CVE-A-3"], True),
    ],
)
def test_branches_of_apple(version: str, ipad: bool, missing: list[str], ended: bool) -> None:
    answer = KNOWN.apple(version, ipad=ipad)
    assert [m.cve for m in answer.missing] == missing
    assert answer.ended is ended


def test_support() -> None:
    assert KNOWN.android_support("13", None, DAY) == (False, "Android 13", dt.date(2026, 3, 2))
    assert KNOWN.android_support("13", None, dt.date(2026, 3, 1)).supported
    assert KNOWN.android_support("12", 32, DAY).supported is False
    assert KNOWN.android_support("15", 35, DAY).supported
    assert KNOWN.android_support("16", 36, DAY).supported is None
    assert KNOWN.model_support("Google", "Pixel 6a", DAY).supported is False
    assert KNOWN.model_support("samsung", "SM-S911B", DAY).supported is None
    assert KNOWN.apple_support("17.7.2", ipad=False, at=DAY).supported is False


def test_an_iphone_on_a_branch_of_ipads_in_the_published_feed(shared_dir: Path) -> None:
    path = shared_dir / "intel" / "sofa-apple" / "v2" / "ios_data_feed.json"
    if not path.is_file():
        pytest.skip(f"0 published feeds: no file {path}")
    table = read(path.read_bytes()).table
    assert table is not None
    known = OsKnowledge([table])
    assert known.apple("17.7.2", ipad=False).ended
    assert known.apple("17.7.2", ipad=False).missing
    newest = max(table.apple, key=lambda r: (r.version.startswith("26"), r.released or dt.date.min))
    assert known.apple(newest.version, ipad=False) == (True, (), False)
    assert known.model_support("Apple", "iPhone18,1", DAY).supported
    assert known.model_support("Apple", "iPhone6,1", DAY).supported is False


def test_bulletins_of_2020_say_the_same(shared_dir: Path) -> None:
    """Independent tables of Google's bulletins: what OSV's form of them gives is what they say."""
    path = shared_dir / "intel" / "android-bulletins-2020-2021" / "bulletins.csv"
    if not path.is_file():
        pytest.skip(f"0 bulletins: no file {path}")
    import csv  # noqa: PLC0415 - only where the file is

    with path.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["shifted"] == "0" and row["aosp_versions"]]
    fixes = [
        AndroidFix(row["cve"], version.strip(), dt.date.fromisoformat(row["spl"]), row["severity"])
        for row in rows
        for version in row["aosp_versions"].split(",")
    ]
    known = OsKnowledge([OsTable(android=fixes)])
    patch = dt.date(2020, 6, 1)
    expected = {
        row["cve"]
        for row in rows
        if row["spl"] > "2020-06-01" and "10" in [v.strip() for v in row["aosp_versions"].split(",")]
    }
    found = known.android("10", 29, patch)
    assert {m.cve for m in found.missing} == expected
    assert len(expected) > 50
