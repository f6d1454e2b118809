"""A phone in a person's hand: the reference agent as a process, its facts in a file, sign-ins in the browser."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import expect
from tests.support.demo import Demo
from tests.way.visit import Organisation, Visit

from vedette_lab.fleet.invitations import code_in

AGENT = Path(sys.executable).with_name("vedette-agent")
POLL_SECONDS = 0.02
WATCH_SECONDS = 30.0
MAIL: dict[str, Any] = {
    "package": "org.example.mail",
    "name": "Company Mail",
    "version": "8.2",
    "version_code": 802,
    "installer": "com.android.vending",
    "sha256": "1d" * 32,
    "certificates": ["7a" * 20],
    "system": False,
}
# in src/vedette/feeds/demo/demo-stalkerware.yaml, by package and by signer
SPY: dict[str, Any] = {
    "package": "org.vedette.demo.spyapp",
    "name": "Family Locator Plus",
    "version": "3.1",
    "version_code": 31,
    "installer": "com.google.android.packageinstaller",
    "sha256": "5b" * 32,
    "certificates": ["9f2a30d4b5c97298e471f54c11c4d042b6c9cb4f"],
    "system": False,
}


@dataclass
class Phone:
    """One phone of an organisation, as the lab's directory knows it."""

    demo: Demo
    organisation: Organisation
    device: dict[str, Any]
    user_id: str
    folder: Path
    apps: list[dict[str, Any]] = field(default_factory=lambda: [MAIL])

    @property
    def name(self) -> str:
        return str(self.device["display_name"])

    def agent(self, *arguments: str, with_facts: bool = True, expected: int = 0) -> dict[str, Any]:
        """Run `vedette-agent`, with this phone's facts of now; its answer. Fails for another exit code."""
        facts = self.folder / "facts.json"
        facts.write_text(json.dumps(self.facts()))
        command = [str(AGENT), "--home", str(self.folder / "agent"), "--json", *arguments]
        done = subprocess.run(
            [*command, "--facts", str(facts)] if with_facts else command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == expected, f"vedette-agent {' '.join(arguments)}: {done.stdout}{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def enroll(self, code: str) -> dict[str, Any]:
        """Open the app and type the code of the invitation."""
        return self.agent("enroll", "--server", self.demo.console, "--code", code, "--name", self.name)

    def check_in(self) -> dict[str, Any]:
        """Report once."""
        return self.agent("check-in")

    def facts(self) -> dict[str, Any]:
        """Give an up-to-date phone in good order, with its apps of now."""
        return {
            "device": {
                "platform": "ANDROID",
                "manufacturer": self.device["manufacturer"],
                "model": self.device["model"],
                "os_version": "16",
                "security_patch": datetime.now(UTC).date().replace(day=1).isoformat(),
                "sdk": 36,
                "build_type": "user",
                "build_tags": "release-keys",
                "fingerprint": f"google/{self.device['id'][:8]}:16:user/release-keys",
            },
            "posture": {
                "root": False,
                "root_signs": [],
                "debug_build": False,
                "encrypted": True,
                "screen_lock": True,
                "developer_options": False,
                "adb": False,
            },
            "apps": self.apps,
            "apps_complete": True,
            "agent": {"version": "0.1.0", "permissions": {"notifications": True}},
            "collected": ["device", "posture", "apps"],
        }

    def decision(self) -> dict[str, Any]:
        """Ask for a new token for mail, as the broker on this phone would."""
        body = {
            "tenant": self.organisation.id,
            "user_id": self.user_id,
            "device_id": self.device["id"],
            "app": "mail",
            "client": "mailApp",
        }
        answer: dict[str, Any] = self.demo.post("/decision", body)
        return answer


class Watch:
    """Asks for tokens again and again beside what happens, until the answer is ALLOWED; `seconds` after `since`.

    Leaving the block waits for that answer, so the report may be answered long before Microsoft is told.
    """

    def __init__(self, phone: Phone, *, allowed: bool) -> None:
        self._phone = phone
        self._wanted = allowed
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._deadline = float("inf")
        self.decided: datetime | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, error: object, *_more: object) -> None:
        self._deadline = time.monotonic() + (0.0 if error else WATCH_SECONDS)
        self._thread.join()

    def seconds(self, since: str) -> float:
        """How long the decision fell after a time that the service named."""
        assert self.decided is not None, f"no token decision turned within {WATCH_SECONDS:.0f} s"
        return (self.decided - datetime.fromisoformat(since)).total_seconds()

    def _run(self) -> None:
        while time.monotonic() < self._deadline:
            answer = self._phone.decision()
            if answer["allowed"] is self._wanted:
                self.decided = datetime.fromisoformat(answer["evaluated_at"])
                return
            time.sleep(POLL_SECONDS)


def pixel_of(demo: Demo, organisation: Organisation, folder: Path) -> Phone:
    """Take a managed Android phone of somebody who is in the enrollment group itself."""
    tenant = demo.get(f"/tenants/{organisation.id}")
    device = next(d for d in tenant["devices"] if d["model"] == "Pixel 8a" and d["managed"])
    owner = next(u for u in tenant["accounts"] if u["upn"] == device["upn"])
    return Phone(demo, organisation, device, owner["id"], folder)


def invited_phone(demo: Demo, organisation: Organisation, folder: Path) -> tuple[Phone, str]:
    """Take any of the managed Android phones that were invited already, with the code of its mail."""
    tenant = demo.get(f"/tenants/{organisation.id}")
    owners = {user["upn"]: user["id"] for user in tenant["accounts"]}
    found = []
    for device in tenant["devices"]:
        if device["platform"] != "ANDROID" or not device["managed"] or device["story"]:
            continue
        mails = [
            mail for mail in demo.get("/mail", to=device["upn"]) if device["display_name"] in mail["text"]
        ]
        codes = [code for mail in mails if (code := code_in(mail))]
        if codes:
            found.append((Phone(demo, organisation, device, owners[device["upn"]], folder), codes[-1]))
    return random.choice(found)


def sign_in_to_mail(who: Visit, phone: Phone, *, way: str = "mailApp") -> str | None:
    """Take the phone and sign in to mail: None when let in, else the reason on the page that blocks."""
    query = f"user={phone.user_id}&device={phone.device['id']}"
    who.page.goto(f"{who.demo.lab}/phone/{who.organisation.id}?{query}")
    who.page.locator(f"#client-{way}").check()
    who.page.locator("#sign-in").click()
    blocked, allowed = who.page.locator("#blocked"), who.page.locator("#allowed")
    expect(blocked.or_(allowed)).to_be_visible()
    return who.page.locator("#reason").inner_text() if blocked.count() else None
