"""One picture of a phone out of what its own app reports and what Intune says of it.

The rule, fact by fact (docs/adr/0011): what only one source knows counts. What either of the two found wrong
counts, whatever the other says: a rooted phone can make its app say anything, and Intune looks from outside. (That
storage is not encrypted counts of Intune only until the app has said otherwise later.) Else the app's word counts
while it is fresh, then the newer of the two. What Intune said expires; a fact that nobody knows stays unknown, and
unknown is not clean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from vedette.detection import Result
from vedette.verdict.findings import AGENT, INTUNE, Evidence, Finding, Observation
from vedette_facts.management import Inventory, ManagedFacts, WholeFacts
from vedette_facts.report import AgentFacts, DeviceFacts, Facts, Platform

FRESH: Final = timedelta(hours=24)
EXPIRES: Final = timedelta(days=30)
"""Since the phone last synchronised with Intune; Intune itself trusts a check-in for as long by default."""
INVENTORY_EXPIRES: Final = timedelta(days=14)
"""Since the inventory was read; Intune collects it from a phone about once a week."""
JAILBROKEN_SIGN: Final = "Intune: jailBroken"

ROOT: Final = "root"
ENCRYPTED: Final = "encrypted"
OS_VERSION: Final = "os_version"
SECURITY_PATCH: Final = "security_patch"
NAMED_APPS: Final = "named_apps"
SHARED: Final = (ROOT, ENCRYPTED, OS_VERSION, SECURITY_PATCH)
"""Facts that both sources may know."""
RESTS_ON: Final[Mapping[str, str]] = {
    "device.root": ROOT,
    "device.encryption": ENCRYPTED,
    "device.minimum_os": OS_VERSION,
    "device.patch_level": SECURITY_PATCH,
    "device.exploited": SECURITY_PATCH,
    "device.support": OS_VERSION,
    "apps.listed_name": NAMED_APPS,
}
"""The fact behind each rule that Intune can answer; what another rule asks only the app knows."""
SAID_BY: Final[Mapping[str, str]] = {INTUNE: "Microsoft Intune"}


@dataclass(frozen=True)
class Known:
    """What is known of one phone, by source, with the time it was true. Times are None where the facts are."""

    platform: Platform
    manufacturer: str = ""
    model: str = ""
    agent: Facts | None = None
    agent_at: datetime | None = None
    managed: ManagedFacts | None = None
    managed_at: datetime | None = None
    inventory: Inventory | None = None
    inventory_at: datetime | None = None

    def current(self, now: datetime) -> "Known":
        """Leave out what has expired."""
        known = self
        if not self.managed_at or now - self.managed_at > EXPIRES:
            known = replace(known, managed=None)
        if not self.inventory_at or now - self.inventory_at > INVENTORY_EXPIRES:
            known = replace(known, inventory=None)
        return known


@dataclass(frozen=True)
class Whole:
    """The picture, which source each fact of it is from, and which sources had anything to say."""

    facts: WholeFacts
    origins: Mapping[str, str] = field(default_factory=dict)
    live: frozenset[str] = frozenset({AGENT})


def whole(known: Known, now: datetime) -> Whole | None:
    """Merge what is known; None when no source says anything that still holds."""
    known = known.current(now)
    live = {
        AGENT: known.agent is not None,
        INTUNE: known.managed is not None or known.inventory is not None,
    }
    if not any(live.values()):
        return None
    origins = {fact: origin for fact in SHARED if (origin := _origin(fact, known, now))}
    if known.inventory is not None:
        origins[NAMED_APPS] = INTUNE
    facts = _filled(known.agent or _nothing(known), known.managed, origins)
    given = {name: getattr(facts, name) for name in Facts.__struct_fields__}
    return Whole(
        WholeFacts(**given, named_apps=known.inventory),
        origins,
        frozenset(source for source, says in live.items() if says),
    )


def attributed(result: Result, origins: Mapping[str, str]) -> Result:
    """Mark the findings that rest on what Intune said, and say so in their evidence."""
    return Result(tuple(_marked(each, origins) for each in result.observations), result.failures)


def from_agent(facts: Facts, fact: str) -> object:
    """Return what the app says of a shared fact, None when it does not."""
    if fact == ROOT:
        known = facts.posture.root is not None or facts.posture.root_signs
        return bool(facts.posture.root or facts.posture.root_signs) if known else None
    if fact == ENCRYPTED:
        return facts.posture.encrypted
    return facts.device.security_patch if fact == SECURITY_PATCH else facts.device.os_version


def from_intune(managed: ManagedFacts, fact: str) -> object:
    """Return what Intune says of a shared fact, None when it does not."""
    return managed.jailbroken if fact == ROOT else getattr(managed, fact)


_FOUND_BAD: Final = {ROOT: True, ENCRYPTED: False}


def _origin(fact: str, known: Known, now: datetime) -> str:
    mine = from_agent(known.agent, fact) if known.agent else None
    theirs = from_intune(known.managed, fact) if known.managed else None
    if mine is None or theirs is None:
        return INTUNE if theirs is not None else AGENT if mine is not None else ""
    bad = _FOUND_BAD.get(fact)
    if bad is not None and mine is bad:
        return AGENT
    if bad is not None and theirs is bad and (fact == ROOT or _later(known.managed_at, known.agent_at)):
        return INTUNE
    if known.agent_at is None or known.managed_at is None:
        return AGENT if known.managed_at is None else INTUNE
    fresh = now - known.agent_at <= FRESH
    return AGENT if fresh or known.agent_at >= known.managed_at else INTUNE


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


def _nothing(known: Known) -> Facts:
    """Facts of a phone without the app: everything unknown but what it is."""
    device = DeviceFacts(
        platform=known.platform, manufacturer=known.manufacturer, model=known.model, os_version=""
    )
    return Facts(device=device, agent=AgentFacts(version=""))


def _filled(facts: Facts, managed: ManagedFacts | None, origins: Mapping[str, str]) -> Facts:
    """Put in what is taken from Intune."""
    if managed is None:
        return facts
    device, posture = facts.device, facts.posture
    if origins.get(OS_VERSION) == INTUNE:
        device = msgspec.structs.replace(device, os_version=managed.os_version)
    if origins.get(SECURITY_PATCH) == INTUNE:
        device = msgspec.structs.replace(device, security_patch=managed.security_patch)
    if origins.get(ENCRYPTED) == INTUNE:
        posture = msgspec.structs.replace(posture, encrypted=managed.encrypted)
    if origins.get(ROOT) == INTUNE:
        signs = [JAILBROKEN_SIGN] if managed.jailbroken else []
        posture = msgspec.structs.replace(posture, root=managed.jailbroken, root_signs=signs)
    return msgspec.structs.replace(facts, device=device, posture=posture)


def _fact_behind(observation: Observation) -> str:
    """Give the fact that an answer rests on; what an iPhone lacks is told by its version, it has no patch level."""
    if observation.rule == "device.exploited" and observation.classification == "OUT_OF_DATE_OS":
        return OS_VERSION
    return RESTS_ON.get(observation.rule, "")


def origin_of(observation: Observation, origins: Mapping[str, str]) -> str:
    """Say who said what an answer rests on."""
    return origins.get(_fact_behind(observation), AGENT)


def _marked(observation: Observation, origins: Mapping[str, str]) -> Observation:
    finding = observation.finding
    origin = origin_of(observation, origins)
    if finding is None or origin == AGENT:
        return observation
    said = Evidence("reported_by", SAID_BY[origin], observation.rule)
    marked: Finding = replace(finding, origin=origin, evidence=(*finding.evidence, said))
    return replace(observation, finding=marked)
