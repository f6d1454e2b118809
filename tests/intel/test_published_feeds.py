"""Whole published feeds: what the importers take must equal what a plain look at the raw text counts."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from vedette.intel import Index, Source, read
from vedette.intel.stix_pattern import normal_path

PATTERN = re.compile(r'"pattern":\s*"\[([a-z][a-z0-9-]*:[^\s=]+)\s*=')


def stix_files(shared_dir: Path) -> list[Path]:
    files = [
        *sorted((shared_dir / "intel" / "mvt-indicators").rglob("*.stix2")),
        *sorted((shared_dir / "intel" / "amnesty-investigations").rglob("*.stix2")),
        *sorted((shared_dir / "intel" / "mvt-test-artifacts").rglob("stix2/*")),
    ]
    if not files:
        pytest.skip(f"0 STIX files under {shared_dir}/intel: published feeds are not here")
    return files


def stalkerware(shared_dir: Path, name: str) -> Path:
    path = shared_dir / "intel" / "assoechap-stalkerware" / "feed_2024-12-31" / name
    if not path.is_file():
        pytest.skip(f"no file {path}: the published stalkerware feed is not here")
    return path


def test_stix_counts_equal_those_of_the_raw_text(shared_dir: Path) -> None:
    total: Counter[str] = Counter()
    for path in stix_files(shared_dir):
        raw = Counter(normal_path(found) for found in PATTERN.findall(path.read_text()))
        report = read(path.read_bytes()).report
        accounted = Counter(report.taken) + Counter(report.duplicates) + Counter(report.rejected)
        assert accounted == raw, path.name
        assert not [name for name in report.not_understood if ":" in name], path.name
        total += raw
    assert total["app:id"] >= 13
    assert total["file:hashes.sha256"] >= 68
    assert total["domain-name:value"] > 5000


def test_the_one_malformed_value_of_the_published_feeds_is_reported(shared_dir: Path) -> None:
    rejected = [p for path in stix_files(shared_dir) for p in read(path.read_bytes()).report.examples]
    assert [p.value for p in rejected if p.type == "domain-name:value"] == ["despachosnegocios"]


def listed_below(text: str) -> Counter[str]:
    """Count list items of the YAML by the key above them, by indentation alone."""
    counts: Counter[str] = Counter()
    outer = inner = ""
    for line in text.splitlines():
        if match := re.match(r"^(?:- |  )(\w+):", line):
            outer, inner = match[1], ""
        elif match := re.match(r"^    (\w+):", line):
            inner = match[1]
        elif re.match(r"^\s+- ", line):
            counts[f"{outer}.{inner}" if inner else outer] += 1
    return counts


@pytest.mark.parametrize(("name", "packages"), [("ioc.yaml", 599), ("watchware.yaml", 29)])
def test_stalkerware_counts_equal_those_of_the_raw_text(shared_dir: Path, name: str, packages: int) -> None:
    path = stalkerware(shared_dir, name)
    raw = listed_below(path.read_text())
    raw.pop("names", None)
    report = read(path.read_bytes()).report
    assert Counter(report.taken) + Counter(report.duplicates) + Counter(report.not_understood) == raw, (
        "every listed value is taken, a duplicate, or reported as not understood"
    )
    assert not report.rejected
    assert raw["packages"] == packages
    assert set(report.not_understood) <= {"certificate_organizations", "certificate_cname_re"}


def test_samples_counts_equal_those_of_the_raw_text(shared_dir: Path) -> None:
    path = stalkerware(shared_dir, "samples.csv")
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    report = read(path.read_bytes()).report
    signed = [row["Certificate"] for row in rows if row["Certificate"]]
    assert report.taken["sha256"] == len({row["SHA256"] for row in rows}) == 2977
    assert report.skipped["certificate: empty"] == len(rows) - len(signed) == 1633
    assert report.skipped["certificate: public signing key"] == 50
    assert report.taken["certificate"] + report.duplicates["certificate"] + 50 == len(signed)


def test_the_whole_of_it_as_one_index(shared_dir: Path) -> None:
    names = ("ioc.yaml", "watchware.yaml", "samples.csv")
    lists = [
        (Source(path.name), read(path.read_bytes()).indicators)
        for path in (*stix_files(shared_dir), *(stalkerware(shared_dir, name) for name in names))
    ]
    index = Index(lists)
    assert index.size == sum(len(indicators) for _, indicators in lists)
    assert {h.family for h in index.package("com.thetruth")} == {"TheTruthSpy"}
    assert index.package("org.traccar.client")[0].classification == "RISKWARE"
    assert index.certificate("61ED377E85D386A8DFEE6B864BD85B0BFAA5AF81") == ()


def test_harmless_applications_are_not_hit(shared_dir: Path) -> None:
    packages = shared_dir / "intel" / "uad-packages" / "uad_lists_subset.json"
    if not packages.is_file():
        pytest.skip(f"no file {packages}: the list of preinstalled applications is not here")
    names = set(json.loads(packages.read_text()))
    index = Index(
        (Source(name), read(stalkerware(shared_dir, name).read_bytes()).indicators)
        for name in ("ioc.yaml", "watchware.yaml", "samples.csv")
    )
    assert len(names) > 500
    assert [name for name in names if index.package(name)] == []
