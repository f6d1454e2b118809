"""Drives the phones: reads their mail, enrols them, lets them check in, passes orders on; at a bounded rate."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from vedette_agent.client import NotEnrolled
from vedette_agent.transport import Offline, Refused
from vedette_facts.protocol import Waiting
from vedette_lab.fleet.invitations import code_in, phone_meant
from vedette_lab.fleet.lab import Lab
from vedette_lab.fleet.life import NEVER
from vedette_lab.fleet.phone import Phone

LOG = logging.getLogger(__name__)
TICK_SECONDS = 0.1
POLL_SECONDS = 1.0
WHOLE_MAILBOX_EVERY = 30
LEARN_SECONDS = 10.0
TELL_SECONDS = 2.0
WAITING_SECONDS = 20.0
TROUBLE_SECONDS = 15.0
AT_ONCE = 8
"""Requests under way at the same time; with the rate below they leave a machine of two cores room to work."""


@dataclass(frozen=True)
class Pace:
    """`speed`: simulated per real second; `rate`: requests a second; `check_in`: least seconds between two."""

    speed: float = 600.0
    rate: float = 60.0
    check_in: float = 120.0


@dataclass
class Fleet:
    """All phones of one tenant, by Entra's object id."""

    lab: Lab
    server: str
    pace: Pace
    make: Callable[[], Awaitable[dict[str, Phone]]]
    """Asks the lab for its phones; called again when a mail is for none that is known."""
    report: Path | None = None
    phones: dict[str, Phone] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    began: float = 0.0
    _read: set[str] = field(default_factory=set)
    _since: str | None = None
    _polls: int = 0
    _last_order: int = 0
    _learned: float = -LEARN_SECONDS
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Run until cancelled."""
        self.began = _now()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._read_mail))
            group.create_task(self._repeat(self._read_orders))
            group.create_task(self._schedule(group))
            group.create_task(self._tell())

    async def _repeat(self, poll: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await poll()
            except (httpx.HTTPError, ValueError, KeyError) as error:
                self.counts["lab_unreachable"] += 1
                LOG.warning("the lab did not answer: %s", error or type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)

    async def _learn(self) -> None:
        """Learn phones that are new in the directory; those that are known stay as they are."""
        if _now() - self._learned < LEARN_SECONDS:
            return
        self._learned = _now()
        for key, phone in (await self.make()).items():
            self.phones.setdefault(key, phone)

    async def _read_mail(self) -> None:
        if not self.phones:
            await self._learn()
        self._polls += 1
        # mail is dated by the lab's clock, which a person may turn back: now and then read from the start
        whole = self._polls % WHOLE_MAILBOX_EVERY == 0
        for mail in await self.lab.mails(None if whole else self._since):
            if mail["id"] in self._read:
                continue
            code = code_in(mail)
            if code is not None and not self._hand_over(mail, code):
                await self._learn()
                self._hand_over(mail, code)
            self._read.add(mail["id"])
            self._since = str(mail.get("date") or mail.get("at") or "") or None

    def _hand_over(self, mail: dict[str, Any], code: str) -> bool:
        """Give the code to the phone the mail means: first to one without a code, else in place of an old one."""
        idle = [phone for phone in self.phones.values() if not phone.activated]
        for choice in ([phone for phone in idle if phone.code is None], idle):
            meant = phone_meant(mail, (phone.owned for phone in choice))
            if meant is not None:
                phone = self.phones[meant.profile.id]
                phone.code, phone.due = code, _now()
                self.counts["invited"] += 1
                return True
        return False

    async def _read_orders(self) -> None:
        for given in await self.lab.orders(self._last_order):
            self._last_order = given.number
            phone = self.phones.get(given.device)
            if phone is None:
                LOG.warning("order %s is for a phone that the fleet does not play", given.number)
                continue
            phone.orders.append(given.order)
            self.counts["orders"] += 1
            if phone.activated:
                phone.due = _now()

    async def _schedule(self, group: asyncio.TaskGroup) -> None:
        credit = 0.0
        while True:
            credit = min(credit + self.pace.rate * TICK_SECONDS, self.pace.rate)
            now = _now()
            ready = [phone for phone in self.phones.values() if phone.due <= now and not phone.busy]
            for phone in sorted(ready, key=lambda phone: (not phone.urgent, phone.due)):
                if credit < 1 or len(self._running) >= AT_ONCE:
                    break
                credit -= 1
                phone.busy = True
                task = group.create_task(self._turn(phone))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            await asyncio.sleep(TICK_SECONDS)

    async def _turn(self, phone: Phone) -> None:
        orders = len(phone.orders)
        try:
            wait = await (self._check_in(phone) if phone.activated else self._enroll(phone))
        except Refused as refusal:
            self.counts[f"refused_{refusal.code}"] += 1
            wait = self._after_refusal(phone, refusal)
        except Offline as offline:
            self.counts["offline"] += 1
            LOG.info("%s: %s", phone.owned.name, offline.reason)
            wait = TROUBLE_SECONDS * Random(f"{phone.owned.profile.id} {_now()}").uniform(0.5, 1.5)
        except NotEnrolled:
            phone.activated, phone.code, wait = False, None, NEVER
        finally:
            phone.busy = False
        phone.due = _now() + (wait if len(phone.orders) == orders else 0.0)

    async def _enroll(self, phone: Phone) -> float:
        """Seconds until the next turn."""
        if phone.code is None:
            return NEVER
        told = phone.owned.device_id if phone.owned.managed else None
        answer = await phone.client.enroll(self.server, phone.code, phone.device(), entra_device_id=told)
        if isinstance(answer, Waiting):
            self.counts["waiting"] += 1
            return WAITING_SECONDS
        phone.activated, phone.first_report = True, None
        self.counts["activated"] += 1
        return 0.0

    async def _check_in(self, phone: Phone) -> float:
        """Seconds until the next turn."""
        moment = phone.moment(_now(), self.began, self.pace.speed)
        if phone.silent(moment):
            return NEVER
        outcome = await phone.client.check_in(phone.facts(moment))
        if outcome.answer is None:
            return TROUBLE_SECONDS
        self.counts["check_ins"] += outcome.accepted
        if phone.first_report is None:
            phone.first_report = _now()
        moment = phone.moment(_now(), self.began, self.pace.speed)
        usual = max(outcome.answer.check_in_seconds / self.pace.speed, self.pace.check_in)
        usual *= Random(f"{phone.owned.profile.id} {self.counts['check_ins']}").uniform(0.8, 1.2)
        return min(usual, phone.changes_in(moment, self.pace.speed))

    @staticmethod
    def _after_refusal(phone: Phone, refusal: Refused) -> float:
        if refusal.code in {"unknown_code", "expired_code", "used_code", "retired_identity", "unknown_key"}:
            # only a new invitation helps
            phone.activated, phone.code = False, None
            return NEVER
        LOG.warning("%s: %s", phone.owned.name, refusal)
        return TROUBLE_SECONDS

    async def _tell(self) -> None:
        """Write what the fleet does into its report, for people and for the demo that waits for it."""
        while True:
            if self.report is not None:
                partial = self.report.with_suffix(".partial")
                partial.write_text(json.dumps(self.summary()), encoding="utf-8")
                partial.replace(self.report)
            await asyncio.sleep(TELL_SECONDS)

    def summary(self) -> dict[str, Any]:
        """Give phones known, activated now, story phones activated, and counters of all that happened."""
        active = [phone for phone in self.phones.values() if phone.activated]
        stories = sorted(phone.owned.profile.story for phone in active if phone.owned.profile.story)
        return {
            "phones": len(self.phones),
            "active": len(active),
            "stories": stories,
            "counts": dict(self.counts),
        }


def _now() -> float:
    return asyncio.get_running_loop().time()
