"""From a phone's report to the next token decision: the whole way, with the real agent, service and lab.

A phone reports malware; the clock runs from before the report is sent until the lab's conditional access says
blocked to a sign-in from that phone (asked every 20 ms). Then the app is gone, and it runs until it says allowed.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
from tests.support.demo import Demo, Running, demo_at

from bench.results import Result, quantile
from vedette_agent.client import AgentClient
from vedette_agent.store import MemoryStore
from vedette_agent.transport import Transport
from vedette_facts.protocol import Activated
from vedette_facts.report import Facts
from vedette_lab.fleet.apps import MALWARE
from vedette_lab.fleet.invitations import Owned, code_in, phone_meant
from vedette_lab.fleet.lab import owned, playable
from vedette_lab.fleet.phone import Phone

REPORTS = 100
PHONES = 120
TAKEN = 20
POLL_SECONDS = 0.02
PATIENCE = 60.0
SEED = 7


@dataclass
class Played:
    """A phone of the demo with its agent, and what a sign-in from it says of itself."""

    phone: Phone
    sign_in: dict[str, Any]
    clean: Facts

    @property
    def infected(self) -> Facts:
        assert self.clean.apps is not None
        return msgspec.structs.replace(self.clean, apps=[*self.clean.apps, MALWARE[0]])


def run() -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="vedette-bench-") as home,
        Running(Path(home), PHONES) as running,
    ):
        blocked, admitted = asyncio.run(_measure(demo_at(running.home)))
    yield Result(
        "way.report_to_decision",
        round(quantile(blocked, 0.95), 3),
        "s",
        {
            "p50_s": round(quantile(blocked, 0.5), 3),
            "p95_s": round(quantile(blocked, 0.95), 3),
            "min_s": round(min(blocked), 3),
            "max_s": round(max(blocked), 3),
            "unblock_p50_s": round(quantile(admitted, 0.5), 3),
            "unblock_p95_s": round(quantile(admitted, 0.95), 3),
            "reports": len(blocked),
            "phones": PHONES,
        },
        goal="p95 under 3 s",
    )


async def _measure(demo: Demo) -> tuple[list[float], list[float]]:
    trust = ssl.create_default_context(cafile=demo.facts["lab_ca"])
    blocked, admitted = [], []
    async with (
        httpx.AsyncClient(timeout=20.0, trust_env=False) as service,
        httpx.AsyncClient(base_url=demo.lab, verify=trust, timeout=20.0, trust_env=False) as lab,
    ):
        phones = [played async for played in _activate(demo, Transport(service))]
        for played in phones:
            await played.phone.client.check_in(played.clean)
        await _settle(demo)
        for number in range(REPORTS):
            played = phones[number % len(phones)]
            blocked.append(await _until(lab, played, played.infected, allowed=False))
            admitted.append(await _until(lab, played, played.clean, allowed=True))
    return blocked, admitted


async def _until(lab: httpx.AsyncClient, played: Played, facts: Facts, *, allowed: bool) -> float:
    """Report and ask for tokens until the answer is the one wanted; seconds since before the report."""
    began = time.perf_counter()
    await played.phone.client.check_in(facts)
    while time.perf_counter() - began < PATIENCE:
        answer = await lab.post("/lab/decision", json=played.sign_in)
        if answer.raise_for_status().json()["allowed"] is allowed:
            return time.perf_counter() - began
        await asyncio.sleep(POLL_SECONDS)
    raise RuntimeError(f"{played.phone.owned.name}: the decision did not turn within {PATIENCE:.0f} s")


async def _activate(demo: Demo, transport: Transport) -> Any:
    """Enrol some Android phones that Intune manages, with the codes from their people's mail."""
    tenant = demo.facts["tenant"]["entra_tenant_id"]
    found = demo.get(f"/tenants/{tenant}")
    users = {user["upn"]: user["id"] for user in found["accounts"]}
    phones = [owned(device) for device in found["devices"] if playable(device) and device["managed"]]
    android = [each for each in phones if each.profile.platform == "ANDROID" and not each.profile.story]
    taken = 0
    for each, code in await _codes(demo, android):
        phone = Phone(each, AgentClient(MemoryStore(), transport), SEED)
        answer = await phone.client.enroll(demo.console, code, phone.device(), entra_device_id=each.device_id)
        if not isinstance(answer, Activated):
            continue
        clean = _in_order(phone)
        body = {"tenant": tenant, "user_id": users[each.upn], "device_id": each.profile.id, "app": "mail"}
        yield Played(phone, body | {"client": "mailApp"}, clean)
        taken += 1
        if taken == TAKEN:
            return
    raise RuntimeError(f"only {taken} phones could be activated")


def _in_order(phone: Phone) -> Facts:
    """Give the phone's facts without what chance made wrong with it."""
    facts = phone.facts(phone.moment(0.0, 0.0, 1.0))
    assert facts.apps is not None
    bad = {app.package for app in MALWARE}
    return msgspec.structs.replace(
        facts,
        device=msgspec.structs.replace(facts.device, os_version="16", sdk=36),
        posture=msgspec.structs.replace(facts.posture, root=False, root_signs=[], screen_lock=True),
        apps=[app for app in facts.apps if app.package not in bad],
    )


async def _codes(demo: Demo, phones: list[Owned]) -> list[tuple[Owned, str]]:
    """Read the invitations as they arrive, until there are enough."""
    deadline = time.monotonic() + PATIENCE
    codes: dict[str, tuple[Owned, str]] = {}
    while len(codes) < TAKEN + 5 and time.monotonic() < deadline:
        for mail in demo.get("/mail"):
            code, meant = code_in(mail), phone_meant(mail, phones)
            if code and meant and meant.name in mail["text"]:
                codes[meant.profile.id] = (meant, code)
        await asyncio.sleep(0.5)
    return list(codes.values())


async def _settle(demo: Demo) -> None:
    """Wait until nothing more is written to Microsoft: arming and activating have been told."""
    quiet, last = 0, -1
    while quiet < 5:
        await asyncio.sleep(1.0)
        written = [entry for entry in demo.get("/requests") if entry["method"] == "PATCH"]
        number = written[-1]["number"] if written else 0
        quiet, last = (quiet + 1 if number == last else 0), number
