"""Flaws of systems: by version, by name, by device; and nothing said while no table is loaded."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.mobile_risk.specification import Specification
from tests.support.database import Database
from tests.support.risk_api import Program, make_key, serving
from tests.support.world import World, facts

from vedette.compliance.assess import assess
from vedette.devices.models import Device
from vedette.feeds import tables
from vedette.feeds.models import Feed, FeedVersion
from vedette.foundation import clock, database
from vedette.intel.os_table import AndroidFix, AppleRelease, Exploited, OsTable

API = "/mra/api/v2/"
OLD, MENDED, NEW = dt.date(2026, 1, 5), dt.date(2026, 3, 5), dt.date(2026, 5, 5)
TABLE = OsTable(
    android=[
        AndroidFix("CVE-2026-0001", "15", MENDED, "Critical", "Framework"),
        AndroidFix("CVE-2026-0001", "14", MENDED, "Critical", "Framework"),
        AndroidFix("CVE-2026-0002", "15", NEW, "Low"),
        AndroidFix("CVE-2025-0003", "15", OLD, "High"),
    ],
    apple=[
        AppleRelease("17.5", dt.date(2025, 5, 1), iphone=True, ipad=True, cves=[]),
        AppleRelease("17.6", dt.date(2026, 6, 1), iphone=True, ipad=True, cves=["CVE-2026-0009"]),
    ],
    exploited=[Exploited("CVE-2026-0001")],
)


@pytest.fixture
def program(database: Database, world: World) -> Iterator[Program]:
    """A service that has not looked at the tables yet."""
    with serving(database.login_url) as service:
        yield Program(service, make_key(world).key)


@pytest.fixture
def loaded(world: World) -> World:
    now = clock.now()
    with database.system():
        feed = Feed.objects.create(name="systems", format="osv", created_at=now)
        FeedVersion.objects.create(
            feed=feed, number=1, sha256="0", imported_at=now, active=True, table=tables.pack(TABLE)
        )
    with database.tenant(world.tenant_id):
        phone = Device.objects.filter(activation_status="ACTIVATED", os_version="15").order_by("id")[0]
    world.report(phone, facts(device={"security_patch": "2026-02-05"}))
    assess(world.tenant_id)
    return world


def test_without_tables_nothing_is_said(program: Program) -> None:
    for path, given in (
        ("android", {"aspl": "2026-01-05"}), ("ios", {"version": "17.5"}), ("cve", {"name": "CVE-2026-0001"}),
        ("for_cve", {"name": "CVE-2026-0001"}), ("devices", {"name": "CVE-2026-0001"}),
    ):  # fmt: skip
        answer = program.get(f"{API}os-vulns/{path}", **given)
        assert answer.status_code == 503, path
        assert "No tables" in answer.json()["error"]
    assert program.read(API + "os-vulns/os-versions")["android"]


def test_flaws_by_version_name_and_device(program: Program, loaded: World, shared_dir: Path) -> None:
    specification = Specification(shared_dir)

    def read(path: str, **given: str) -> Any:
        answer = program.read(f"{API}os-vulns/{path}", **given)
        assert specification.faults(specification.answer(f"{API}os-vulns/{path}", 200), answer) == []
        return answer

    def names(answer: Any) -> list[str]:
        found = answer["vulnerabilities"]
        assert answer["count"] == len(found)
        return [item["vulnerability"]["name"] for item in found]

    assert names(read("android", aspl="2026-01-05")) == ["CVE-2026-0001", "CVE-2026-0002"]
    assert names(read("android", aspl="2026-01-05", severity="7")) == ["CVE-2026-0001"]
    assert names(read("android", aspl="2026-05-05")) == []
    assert names(read("ios", version="17.5")) == ["CVE-2026-0009"]
    assert names(read("ios", version="17.6")) == []
    (flaw,) = read("cve", name="cve-2026-0001")["cve"]
    assert (flaw["severity"], flaw["category"]) == ("Critical", "EXPLOITED")
    assert read("cve", name="CVE-1999-0001")["cve"] == []
    assert read("for_cve", name="CVE-2026-0001")["vuln_android_profiles"] == [
        {"platform": "ANDROID", "version": "15", "patch_level": "2026-01-05"}
    ]
    assert read("for_cve", name="CVE-2026-0009")["vuln_ios_profiles"] == [
        {"platform": "IOS", "version": "17.5"}
    ]
    affected = read("devices", name="CVE-2026-0001")
    assert affected["count"] == 1
    assert (
        program.read(API + "devices", cve="CVE-2026-0001")["devices"][0]["guid"]
        == (affected["devices"][0]["guid"])
    )
    assert read("os-versions")["android"]
    for path, given in (
        ("android", {}),
        ("android", {"aspl": "x"}),
        ("ios", {}),
        ("cve", {}),
        ("devices", {}),
    ):
        assert program.get(f"{API}os-vulns/{path}", **given).status_code == 400
    assert loaded.tenant_id


def test_devices_say_what_is_newest_and_which_flaws_they_have(program: Program, loaded: World) -> None:
    everything = program.read(API + "devices")["devices"]
    apple = next(device for device in everything if device["platform"] == "IOS")
    assert apple["software"]["latest_os_version"] == "17.6"
    assert apple["software"]["os_version_date"] == "2025-05-01"
    android = program.read(API + "devices", cve="CVE-2026-0001")["devices"][0]
    assert android["software"]["latest_security_patch_level"] == "2026-05-05"
    found = program.read(API + "device", guid=android["guid"], show_vulns="true")["device_vulns"]
    assert [flaw["info"]["name"] for flaw in found["vulnerabilities"]] == ["CVE-2026-0001", "CVE-2026-0002"]
    assert "device_vulns" not in program.read(API + "device", guid=android["guid"])
    assert [d["guid"] for d in program.read(API + "devices", os_version_date="12")["devices"]] == [
        apple["guid"]
    ]
    assert loaded.tenant_id


def test_smishing_alerts_are_none(program: Program, shared_dir: Path) -> None:
    answer = program.read(
        API + "smishing-alerts", alert_type="URL_DETECTION", categories="CEO_FRAUD", limit="5"
    )
    assert answer == {"count": 0, "smishing_alerts": []}
    specification = Specification(shared_dir)
    for name, value in specification.choices(API + "smishing-alerts"):
        assert program.get(API + "smishing-alerts", **{name: value}).status_code == 200
    for given in ({"alert_type": "X"}, {"categories": "X"}, {"oid": "X"}, {"platform": "X"}):
        assert program.get(API + "smishing-alerts", **given).status_code == 400
    assert program.get(API + "smishing-alerts/01900d77-5034-7ae1-a8c8-dc553eba7c97").status_code == 404


def test_every_address_of_the_specification_is_served(program: Program, shared_dir: Path) -> None:
    paths = [path for path in Specification(shared_dir).paths() if "stream" not in path]
    assert len(paths) == 14
    for path in paths:
        answer = program.get(path.replace("{guid}", "x"))
        assert answer.status_code in {200, 400, 503} or path.endswith("{guid}"), path
