"""The fleet as a process, between a real lab and a small service that verifies every signature."""

import json
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.support.device_service import Service, running
from tests.support.lab import Lab

from vedette_facts.protocol import ReportRequest

SPYAPP = "org.vedette.demo.spyapp"


@pytest.fixture
def service() -> Iterator[Service]:
    with running() as started:
        yield started


@contextmanager
def fleet(lab: Lab, service: Service, tenant: str, home: Path, *more: str) -> Iterator[Path]:
    command = [sys.executable, "-m", "vedette_lab", "fleet", "--lab", lab.url, "--lab-ca", str(lab.ca_file)]
    command += ["--server", service.url, "--tenant", tenant, "--home", str(home), *more]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield home / "fleet.json"
        assert process.poll() is None, (home / "log").read_text("utf-8")
    finally:
        process.terminate()
        assert process.wait(10) == 0, (home / "log").read_text("utf-8")


def until(what: str, check: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {seconds} s: {what}")


def invite(lab: Lab, service: Service, devices: list[dict[str, Any]]) -> None:
    with smtplib.SMTP("127.0.0.1", lab.smtp_port) as post:
        for number, device in enumerate(devices):
            code = f"AAAA-BBBB-{number:04d}"
            service.codes[code] = ""
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "vedette@example.org", device["upn"], "Your code"
            mail.set_content(f"For {device['display_name']} ({device['model']}): {code}\n")
            post.send_message(mail)


def reports(service: Service, model: str) -> list[ReportRequest]:
    """Every report of the first phone of this model."""
    for phone in list(service.phones.values()):
        facts = [report for report in phone.received if report.has_facts]
        first = facts[0].decoded_facts() if facts else None
        if first is not None and first.device.model == model:
            return list(phone.received)
    return []


def last_apps(service: Service, model: str) -> set[str]:
    whole = [report for report in reports(service, model) if report.has_facts]
    return packages(whole[-1]) if whole else set()


def packages(report: ReportRequest) -> set[str]:
    facts = report.decoded_facts()
    assert facts is not None
    return {app.package for app in facts.apps or []}


def test_phones_read_their_mail_enrol_live_and_obey(lab: Lab, service: Service, tmp_path: Path) -> None:
    tenant = lab.tenant()["id"]
    devices = lab.get(f"/tenants/{tenant}/devices", story=1)
    assert {device["story"] for device in devices} == {"malware", "outdated", "silent", "mended"}
    by_story = {device["story"]: device for device in devices}
    invite(lab, service, devices)
    with fleet(lab, service, tenant, tmp_path, "--check-in", "2") as report:
        until("four phones activated", lambda: len(service.phones) == 4)
        model = by_story["malware"]["model"]
        until("malware", lambda: SPYAPP in last_apps(service, model))
        first = reports(service, model)[0]
        assert first.sequence == 1
        assert SPYAPP not in packages(first)
        lab.post(f"/tenants/{tenant}/devices/{by_story['malware']['id']}/order", {"action": "remove"})
        until("the app removed by order", lambda: SPYAPP not in last_apps(service, model))
        quiet = by_story["silent"]["model"]
        heard = len(until("a word of the silent phone", lambda: reports(service, quiet)))
        lab.post(f"/tenants/{tenant}/devices/{by_story['silent']['device_id']}/order", {"action": "speak"})
        until("the silent phone speaks again", lambda: len(reports(service, quiet)) > heard)
        told = until("the fleet's own word of both orders", lambda: told_of_orders(report))
        assert told["active"] == 4
        assert told["stories"] == ["malware", "mended", "outdated", "silent"]


def told_of_orders(report: Path) -> Any:
    told = json.loads(report.read_text("utf-8"))
    return told if told["counts"].get("orders", 0) >= 2 else None


def test_orders_are_checked_and_listed_from_a_number_on(lab: Lab) -> None:
    tenant = lab.tenant()["id"]
    device = lab.get(f"/tenants/{tenant}/devices", story=1)[0]
    path = f"/lab/tenants/{tenant}/devices/{device['id']}/order"
    seen = len(lab.get("/orders"))
    lab.post(path.removeprefix("/lab"), {"action": "install", "package": "org.example.x"})
    lab.post(path.removeprefix("/lab"), {"action": "lock_screen"})
    listed = lab.get("/orders", since=seen)
    assert [(order["action"], order["package"]) for order in listed] == [
        ("install", "org.example.x"),
        ("lock_screen", None),
    ]
    assert lab.get("/orders", since=seen + 1, tenant=tenant) == listed[1:]
    assert lab.get("/orders", since=seen, tenant="another") == []
    for body, words in (
        ({"action": "dance"}, "one of: install"),
        ({"action": "install"}, "needed"),
        ({"action": "install", "package": 5}, "Android package"),
        ([], "one of: install"),
    ):
        answer = lab.client.post(path, json=body)
        assert answer.status_code == 400
        assert words in answer.json()["error"]
    assert lab.client.post(path.replace(device["id"], "nobody"), json={}).status_code == 404
    assert lab.client.post(path, content=b"{").status_code == 400
    assert lab.client.get("/lab/orders", params={"since": "x"}).status_code == 400
