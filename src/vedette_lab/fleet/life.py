"""What a simulated phone's facts are at a moment: pure, and the same for the same seed.

Rates are published ones (shared notes on Lookout, section 5). Standing states per 100 phones: system out of date
37.7, no device lock 14.2, patch level out of date 13.6, an app from outside the store 2.2. Events per 1,000
phones and month: malware or riskware 8 and side-loading 5 (Android only), root or jailbreak 0.8, somebody in the
middle 0.8.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from vedette_facts.report import AgentFacts, App, DeviceFacts, Facts, Platform, Posture
from vedette_lab.fleet import surroundings
from vedette_lab.fleet.apps import EVERYDAY, MALWARE, SIDELOADED, UNLISTED, named

Action = Literal["install", "remove", "update_os", "lock_screen", "silence", "speak"]
ACTIONS: tuple[Action, ...] = ("install", "remove", "update_os", "lock_screen", "silence", "speak")

OUT_OF_DATE_OS, NO_LOCK, OLD_PATCH, OUTSIDE_STORE = 0.377, 0.142, 0.136, 0.022
MALWARE_PER_MONTH, SIDELOAD_PER_MONTH, ROOT_PER_MONTH, MITM_PER_MONTH = 0.008, 0.005, 0.0008, 0.0008
MONTH_HOURS = 720.0
MEND_HOURS = 36.0
"""Mean time until a person removes what was found."""

NEWEST_OS: dict[str, str] = {"ANDROID": "16", "IOS": "26.1"}
OLD_OS: dict[str, str] = {"ANDROID": "11", "IOS": "16.7.10"}
NEW_PATCH, OLD_PATCH_LEVEL = "2026-03-05", "2023-02-05"
ROOT_SIGN: dict[str, str] = {"ANDROID": "su binary at /sbin/su", "IOS": "Cydia at /Applications/Cydia.app"}
SDK = {"11": 30, "12": 31, "13": 33, "14": 34, "15": 35, "16": 36}

FIRST_SIGHT_SECONDS = 3.0
"""A story phone's first report is clean; so long after it the story begins."""
INFECTED_SECONDS, CYCLE_SECONDS = 60.0, 300.0
"""The story "mended": so long infected in every cycle."""
NEVER = float("inf")


@dataclass(frozen=True)
class Profile:
    """A phone as the lab's directory and Intune know it. `id` is Entra's object id."""

    id: str
    platform: Platform
    manufacturer: str
    model: str
    os_version: str
    security_patch: str | None = None
    story: str | None = None


@dataclass(frozen=True)
class Order:
    """What a person told this phone to do, by the lab's control API. Later orders win over earlier and over fate."""

    action: Action
    package: str | None = None


@dataclass(frozen=True)
class Moment:
    """`hours` of accelerated time since the fleet began; `age`: seconds since this phone's first report."""

    hours: float
    age: float


@dataclass(frozen=True)
class Standing:
    """States a phone has from the start."""

    out_of_date: bool
    no_lock: bool
    old_patch: bool
    outside_store: bool
    developer: bool


@dataclass(frozen=True)
class Episode:
    """Something bad that comes and goes: an app, root, or somebody between the phone and the internet."""

    begins: float
    ends: float
    kind: Literal["app", "root", "mitm"]
    app: App | None = None


def facts_at(seed: int, phone: Profile, moment: Moment, orders: Iterable[Order] = ()) -> Facts:
    """Give the phone's report at a moment, after the orders it got so far."""
    given = tuple(orders)
    standing = standing_of(seed, phone)
    updated = any(order.action == "update_os" for order in given)
    locked = any(order.action == "lock_screen" for order in given)
    running = {episode.kind for episode in current(seed, phone, moment)}
    rooted = "root" in running
    android = phone.platform == "ANDROID"
    apps = _apps(seed, phone, moment, given) if android else None
    return Facts(
        device=_device(phone, standing, updated=updated),
        posture=Posture(
            root=rooted,
            root_signs=[ROOT_SIGN[phone.platform]] if rooted else [],
            debug_build=False,
            encrypted=True,
            screen_lock=locked or not standing.no_lock,
            developer_options=standing.developer and android,
            adb=False,
        ),
        apps=apps,
        apps_complete=android,
        settings=surroundings.settings(
            phone.platform, apps or (), rooted=rooted, sideloads=standing.outside_store
        ),
        network=surroundings.network(seed, phone.id, intercepted="mitm" in running),
        agent=AgentFacts(version="0.1.0", permissions={"notifications": True}),
        collected=["device", "posture", "settings", "network", *(["apps"] if android else [])],
    )


def silent(phone: Profile, moment: Moment, orders: Iterable[Order] = ()) -> bool:
    """Whether the phone keeps silent: by its last order, else by its story."""
    told = [order.action for order in orders if order.action in {"silence", "speak"}]
    if told:
        return told[-1] == "silence"
    return phone.story == "silent" and moment.age >= FIRST_SIGHT_SECONDS


def next_change(seed: int, phone: Profile, moment: Moment) -> Moment:
    """When fate or story changes the facts next: the first change in accelerated hours and in age, or NEVER."""
    edges = [edge for e in _episodes(seed, phone, moment.hours) for edge in (e.begins, e.ends)]
    return Moment(
        hours=min((edge for edge in edges if edge > moment.hours), default=NEVER),
        age=_next_of_story(phone.story, moment.age),
    )


@lru_cache(maxsize=20_000)
def standing_of(seed: int, phone: Profile) -> Standing:
    """Draw the standing states. Story phones have none but their story's, so that each shows one thing."""
    if phone.story is not None:
        old = phone.story == "outdated"
        return Standing(old, no_lock=False, old_patch=old, outside_store=False, developer=False)
    rng = Random(f"{seed} standing {phone.id}")
    android = phone.platform == "ANDROID"
    return Standing(
        out_of_date=rng.random() < OUT_OF_DATE_OS,
        no_lock=rng.random() < NO_LOCK,
        old_patch=rng.random() < OLD_PATCH and android,
        outside_store=rng.random() < OUTSIDE_STORE and android,
        developer=rng.random() < OUTSIDE_STORE,
    )


def current(seed: int, phone: Profile, moment: Moment) -> list[Episode]:
    """Give the episodes that fate has running at a moment."""
    return [e for e in _episodes(seed, phone, moment.hours) if e.begins <= moment.hours < e.ends]


def _episodes(seed: int, phone: Profile, hours: float) -> list[Episode]:
    """Draw those of last month, this and the next: an episode lasts into the next month at most."""
    month = int(hours // MONTH_HOURS)
    return [e for m in (month - 1, month, month + 1) if m >= 0 for e in _month(seed, phone, m)]


@lru_cache(maxsize=20_000)
def _month(seed: int, phone: Profile, month: int) -> tuple[Episode, ...]:
    if phone.story is not None:
        return ()
    rng = Random(f"{seed} month {month} {phone.id}")
    android = phone.platform == "ANDROID"
    chances: list[tuple[float, Literal["app", "root", "mitm"], App | None]] = [
        (MALWARE_PER_MONTH if android else 0.0, "app", rng.choice((*MALWARE, *UNLISTED))),
        (SIDELOAD_PER_MONTH if android else 0.0, "app", rng.choice(SIDELOADED)),
        (ROOT_PER_MONTH, "root", None),
        (MITM_PER_MONTH, "mitm", None),
    ]
    found = []
    for chance, kind, app in chances:
        hit, begins = rng.random() < chance, (month + rng.random()) * MONTH_HOURS
        lasts = min(rng.expovariate(1 / MEND_HOURS), MONTH_HOURS)
        if hit:
            found.append(Episode(begins, begins + lasts, kind, app))
    return tuple(found)


def _story_app(story: str | None, age: float) -> App | None:
    if story == "malware" and age >= FIRST_SIGHT_SECONDS:
        return MALWARE[0]
    if (
        story == "mended"
        and FIRST_SIGHT_SECONDS <= age % CYCLE_SECONDS < FIRST_SIGHT_SECONDS + INFECTED_SECONDS
    ):
        return MALWARE[1 % len(MALWARE)]
    return None


def _next_of_story(story: str | None, age: float) -> float:
    if story == "mended":
        start = age - age % CYCLE_SECONDS + FIRST_SIGHT_SECONDS
        edges = (start, start + INFECTED_SECONDS, start + CYCLE_SECONDS)
        return next(edge for edge in edges if edge > age)
    return FIRST_SIGHT_SECONDS if story in {"malware", "silent"} and age < FIRST_SIGHT_SECONDS else NEVER


def _device(phone: Profile, standing: Standing, *, updated: bool) -> DeviceFacts:
    version = phone.os_version
    if updated:
        version = NEWEST_OS[phone.platform]
    elif standing.out_of_date:
        version = OLD_OS[phone.platform]
    patch = None
    if phone.platform == "ANDROID":
        old = standing.old_patch and not updated
        patch = OLD_PATCH_LEVEL if old else NEW_PATCH if updated else phone.security_patch
    android = phone.platform == "ANDROID"
    maker = phone.manufacturer.lower().replace(" ", "_")
    return DeviceFacts(
        platform=phone.platform,
        manufacturer=phone.manufacturer,
        model=phone.model,
        os_version=version,
        security_patch=patch or None,
        sdk=SDK.get(version.split(".", maxsplit=1)[0]) if android else None,
        build_type="user" if android else None,
        build_tags="release-keys" if android else None,
        fingerprint=f"{maker}/{phone.model}:{version}/{patch}:user/release-keys" if android else None,
    )


def _apps(seed: int, phone: Profile, moment: Moment, orders: tuple[Order, ...]) -> list[App]:
    rng = Random(f"{seed} apps {phone.id}")
    chosen = [app for app in EVERYDAY if app.system or rng.random() < 0.7]  # noqa: PLR2004 - most phones have most
    apps = {app.package: app for app in chosen}
    bad = [episode.app for episode in current(seed, phone, moment)]
    bad.append(_story_app(phone.story, moment.age))
    bad.append(SIDELOADED[0] if standing_of(seed, phone).outside_store else None)
    apps |= {app.package: app for app in bad if app is not None}
    for order in orders:
        if order.action == "install" and order.package:
            apps[order.package] = named(order.package)
    for package in _removed(orders):
        apps.pop(package, None)
    return [apps[package] for package in sorted(apps)]


def _removed(orders: tuple[Order, ...]) -> set[str]:
    """Packages whose last order is to remove them; a removal without a package means all malware."""
    removed: set[str] = set()
    for order in orders:
        if order.action == "install" and order.package:
            removed.discard(order.package)
        elif order.action == "remove":
            removed |= {order.package} if order.package else {app.package for app in (*MALWARE, *UNLISTED)}
    return removed
